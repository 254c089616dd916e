/* Timers: functions called at a deadline.
 *
 * Each hart has a list of its own, guarded by a lock; a timer lives in its
 * owner's memory while it is set. */
#pragma once

#include "lib/list.h"

struct timer {
    /* constant after timer_init */
    void (*fn)(struct timer *timer); /* interrupt context, must not sleep */

    /* guarded by the lock of the hart it is set on */
    struct list_node node;
    uint64_t deadline_ns;
    unsigned cpu;

    /* atomic */
    unsigned
        running; /* harts that run fn: two, if it was set again meanwhile */
};

void timer_init(struct timer *timer, void (*fn)(struct timer *timer));

/* Sets the timer, or sets it anew, on this hart. It fires once, at or after
 * deadline_ns of clock_now_ns(). Any context; fn may set its own timer. */
void timer_set(struct timer *timer, uint64_t deadline_ns);

/* Takes it back. On return fn is not running and will not run. Any context
 * but fn itself, and without a lock that fn takes. */
void timer_cancel(struct timer *timer);

/* The timer interrupt's work: runs what is due on this hart and arms the
 * hart for the next deadline. */
void timer_run_due(void);

/* Once, on the boot hart. */
void timer_init_lists(void);
