/* assert: a statement about the program that must hold. */
#pragma once

#include <sys/cdefs.h>

/* Prints what failed and where, and aborts. */
NORETURN void assert_failed(const char *text, const char *file, int line);

#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
    ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
#endif
#define static_assert _Static_assert
