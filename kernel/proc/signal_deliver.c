#include "abi/errno.h"
#include "arch/clock.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/signal_queue.h"

/* Takes a signal of `set` that was sent to the running thread, or to its
 * process. */
static bool
take_locked(uint64_t set, struct siginfo *info) REQUIRES(process_lock)
{
    struct process *self = process_current();
    return signal_queue_take(self, &thread_current()->signals.pending, set,
                             info) ||
           signal_queue_take(self, &self->signals.pending, set, info);
}

static uint64_t
all_pending(const struct thread *t)
{
    return READ_ONCE(t->signals.pending.set) |
           READ_ONCE(t->process->signals.pending.set);
}

bool
signal_pending(void)
{
    const struct thread *t = thread_current();
    return t->process &&
           (all_pending(t) & (~t->signals.blocked | t->signals.awaited)) != 0;
}

bool
signal_killed_meanwhile(void)
{
    const struct process *self = process_current();
    sched_yield_if_due();
    return self && READ_ONCE(self->signals.pending.set) & SIGNAL_BIT(SIGKILL);
}

static void
stop_locked(struct process *self, int sig) REQUIRES(process_lock)
{
    self->stop_signal = sig;
    self->stop_reported = self->has_continued = false;
    signal_send_locked(self->parent, SIGCHLD);
    waitq_wake_all(&self->parent->child_changed);
    while (self->stop_signal)
        waitq_sleep(&self->continued, &process_lock);
}

void
signal_deliver(void)
{
    struct process *self = process_current();
    struct thread *t = thread_current();
    struct siginfo info;
    __atomic_fetch_and(&t->arch.work, ~THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
    spin_lock(&process_lock);
    while (take_locked(~t->signals.blocked, &info)) {
        if (signal_is_without_effect(self, info.signo))
            continue; /* it was blocked when it was sent */
        if (SIGNAL_BIT(info.signo) & STOPS_BY_DEFAULT) {
            stop_locked(self, info.signo);
            continue;
        }
        spin_unlock(&process_lock);
        process_exit(info.signo);
    }
    spin_unlock(&process_lock);
}

/* ---- What is pending ---- */

uint64_t
signal_pending_set(void)
{
    const struct thread *t = thread_current();
    return all_pending(t) & t->signals.blocked;
}

int
signal_wait(uint64_t set, uint64_t deadline_ns, struct siginfo *info)
{
    struct thread_signals *mine = &thread_current()->signals;
    struct waitq nobody;
    int error = 0;
    bool found;
    waitq_init(&nobody);
    set &= ~UNSTOPPABLE;
    spin_lock(&process_lock);
    mine->awaited = set;
    while (!(found = take_locked(set, info)) && error != -EINTR &&
           clock_now_ns() < deadline_ns)
        error = waitq_sleep_until(&nobody, &process_lock, deadline_ns);
    mine->awaited = 0;
    spin_unlock(&process_lock);
    if (found)
        return info->signo;
    return error == -EINTR ? -EINTR : -EAGAIN;
}

void
signal_set_blocked(uint64_t set)
{
    struct thread *t = thread_current();
    spin_lock(&process_lock);
    t->signals.blocked = set & ~UNSTOPPABLE;
    spin_unlock(&process_lock);
    /* What now gets through is acted on as the call returns. */
    if (signal_pending())
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}

uint64_t
signal_wait_begin(uint64_t ns)
{
    uint64_t until = thread_current()->signals.wait_until;
    return until ? until : clock_now_ns() + ns;
}

int
signal_wait_end(int error, uint64_t deadline_ns)
{
    thread_current()->signals.wait_until = error == -EINTR ? deadline_ns : 0;
    return error;
}
