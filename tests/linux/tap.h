/* The checks of user/lib/tap.h, for programs that are built for Linux. */
#define _GNU_SOURCE
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#include "../../user/lib/tap.c"

/* what says what is seen if the condition holds. */
#define tap_ok(condition, what)                                            \
    do {                                                                   \
        if (!(condition))                                                  \
            tap_fail(__FILE__, __LINE__, "%s (errno %d): %s", what, errno, \
                     #condition);                                          \
    } while (0)
