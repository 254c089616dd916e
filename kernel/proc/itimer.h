/* Timers that send signals: those of setitimer and timer_create.
 *
 * Owns the timers in struct process_signals, guarded by process_lock. Thread
 * context, for the running process, unless said otherwise. */
#pragma once

#include "proc/process.h"

/* A process has one of each of these; those it creates have numbers from 0. */
enum {
    ITIMER_ID_REAL = -1,
    ITIMER_ID_VIRTUAL = -2,
    ITIMER_ID_PROF = -3,
};

struct itimer_setting {
    uint64_t value_ns;    /* to go until it runs out; 0: it is off */
    uint64_t interval_ns; /* from one time to the next; 0: once */
    bool is_absolute;     /* value_ns is when it runs out */
};

/* Makes a timer, off yet, that sends info to thread tid, or, if that is 0, to
 * the process. A signo of 0 sends nothing; the info gets the timer's number,
 * which is its value, too, if it has none of its own. The timer's clock is
 * ahead of clock_now_ns() by so much.
 * Returns the number, -EAGAIN (too many), -ENOMEM. */
int itimer_create(const struct siginfo *info, int tid, bool has_value,
                  int64_t ahead_ns) MUST_CHECK;

/* Stores the timer's setting in *old, as of now, and, unless setting is NULL,
 * sets it. Returns 0, -EINVAL, -ENOMEM. */
int itimer_set(int id, const struct itimer_setting *setting,
               struct itimer_setting *old) MUST_CHECK;

/* How often the timer ran over before its last signal was taken, or -EINVAL. */
int itimer_overrun(int id) MUST_CHECK;

/* Returns 0 or -EINVAL. */
int itimer_delete(int id) MUST_CHECK;

/* Deletes the timers that were created, or all, of a process that has one
 * thread left. */
void itimer_delete_created(struct process *process);
void itimer_delete_all(struct process *process);

/* A timer's signal has been taken: info gets how often it ran over. */
void itimer_taken_locked(struct process *process, struct siginfo *info)
    REQUIRES(process_lock);

/* A slice of the running thread is over: looks at the timers that go by CPU
 * time. Interrupt context. */
void itimer_tick(void);
