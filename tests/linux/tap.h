/* The checks of user/lib/tap.h, for programs that are built for Linux. */
#define _GNU_SOURCE
#include "../../user/lib/tap.c"

/* Not all C libraries have a function for it. */
#define send_to_thread(pid, tid, sig) syscall(SYS_tgkill, (pid), (tid), (sig))

/* what says what is seen if the condition holds. */
#define tap_ok(condition, what)                                            \
    do {                                                                   \
        if (!(condition))                                                  \
            tap_fail(__FILE__, __LINE__, "%s (errno %d): %s", what, errno, \
                     #condition);                                          \
    } while (0)
