/* The scheduler: which thread runs on which hart.
 *
 * Each hart has a run queue with a lock of its own, and shares its time fairly
 * among its threads (proc/fair.h); a hart without work steals from others, and
 * sleeps in wfi when nobody has any. The kernel itself is not preempted:
 * threads give up their hart when they sleep, or on the way back to user mode.
 */
#pragma once

#include "proc/thread.h"

#define SCHED_SLICE_NS 10000000ul /* 10 ms */

/* Makes the boot code this hart's idle thread. Once, on the boot hart. */
void sched_init(void);

/* Starts the other harts; each calls init, with interrupts off, and goes
 * idle. One that does not come up within a second is left out.
 * Returns how many run now. */
unsigned sched_start_harts(void (*init)(void));

/* What a hart does for ever when there is nothing to run. */
NORETURN void sched_idle(void);

/* Puts a new thread on a run queue. */
void sched_start(struct thread *thread);

/* Marks the running thread as about to sleep: the next sched_switch leaves
 * it, unless sched_wake comes first. Interruptible: signals wake it too. */
void sched_prepare_sleep(bool interruptible);

/* Takes sched_prepare_sleep back. */
void sched_cancel_sleep(void);

/* Gives the hart to the next thread; returns when this one has a turn again.
 * Thread context, no spin lock held. */
void sched_switch(void);

/* What a new thread calls first: ends the switch that led to it, and turns
 * interrupts on. */
void sched_begin(void);

/* Brings the running user thread's saved floating-point registers up to
 * date, before they are copied; or sets the registers from what is saved. */
void sched_save_fpu(void);
void sched_load_fpu(void);

/* Lets all others of this hart have a turn. */
void sched_yield(void);

/* Lets others have a turn if the slice is over; for long kernel loops. */
void sched_yield_if_due(void);

/* Makes a sleeping thread runnable; nothing if it is not sleeping. Any
 * context. sched_interrupt does so only if its sleep is interruptible, and
 * makes a thread in user mode enter the kernel. */
void sched_wake(struct thread *thread);
void sched_interrupt(struct thread *thread);

/* Sets *flag if thread is not running, which then sees it when it runs again.
 * Returns whether it did. Any context. */
bool sched_set_parked(struct thread *thread, bool *flag) MUST_CHECK;

/* Which harts, by their bits, a thread may run on: at least one that is online;
 * it leaves any other before it is in user mode again. The bits of those
 * online. Any context. */
void sched_set_allowed(struct thread *thread, uint64_t harts);
uint64_t sched_online(void);

/* How large a share a thread gets: nice from -20 to 19, SCHED_OTHER, _BATCH or
 * _IDLE. Any context. sched_inherit sets all of it for a new thread, as for the
 * running one. */
void sched_set_nice(struct thread *thread, int nice, unsigned policy);
void sched_inherit(struct thread *child);

/* CPU time of thread up to now. Any context. */
uint64_t sched_run_ns(const struct thread *thread);

/* For /proc: nanoseconds a hart was not idle, its context switches so far, and
 * threads runnable on it now. */
struct sched_stats {
    uint64_t busy_ns, switches;
    unsigned runnable;
};
void sched_add_stats(unsigned cpu, struct sched_stats *sum);

/* By how much the count of instructions has grown on this hart during wfi: an
 * emulator that counts time by instructions counts idle time, too. */
uint64_t sched_wfi_instret(void);

/* Lets every hart's thread see what trace/control.h has switched. */
void sched_switch_traces(void);
