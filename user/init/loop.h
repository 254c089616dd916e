/* The event loop: descriptors, timers and signals, one after the other in
 * init's one thread. No callback may block. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

/* A descriptor that is waited for. Its memory is the caller's, who keeps it
 * until loop_unwatch. */
struct watch {
    int fd;
    short events; /* POLLIN, POLLOUT; may be changed at any time */
    void (*ready)(struct watch *w, short events); /* POLLHUP, POLLERR, too */
    struct watch *next;
};

/* To watch twice is to watch once. A watch may be taken away in any callback,
 * its own included; it does not close the descriptor. */
void loop_watch(struct watch *w);
void loop_unwatch(struct watch *w);

/* A point in time at which something happens once. Zeroed, it is unset. */
struct timer {
    uint64_t due; /* 0: unset */
    void (*fire)(struct timer *t);
    struct timer *next;
};

/* Sets t, which may be set already, to a time of loop_now's. */
void loop_set_timer(struct timer *t, uint64_t due);
void loop_clear_timer(struct timer *t);

/* Nanoseconds since the machine was switched on, on a clock that never jumps.
 */
uint64_t loop_now(void);

/* Calls handle from the loop, not from the signal's handler, whenever the
 * signal has come, perhaps several times at once. */
void loop_on_signal(int signal, void (*handle)(int signal));

/* Calls f at the end of each turn, before the loop waits. */
void loop_at_end_of_turn(void (*f)(void));

/* Waits and calls, for ever. */
NORETURN void loop_run(void);
