/* The checks of user/lib/tap.h, for programs that are built for Linux. */
#define _GNU_SOURCE
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#include "../../user/lib/tap.c"
