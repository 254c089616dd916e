#include "arch/clock.h"
#include "arch/report.h"
#include "lib/print.h"
#include "proc/itimer.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/signal_frame.h"
#include "proc/signal_queue.h"

/* Between two reports, but for some that may come at once. */
#define REPORT_NS    1000000000ul
#define REPORT_BURST 5u

/* Takes a signal of `set` that was sent to the running thread, or to its
 * process. */
static bool
take_locked(uint64_t set, struct siginfo *info) REQUIRES(process_lock)
{
    struct process *self = process_current();
    bool found = signal_queue_take(self, &thread_current()->signals.pending,
                                   set, info) ||
                 signal_queue_take(self, &self->signals.pending, set, info);
    if (found && info->of_timer)
        itimer_taken_locked(self, info);
    return found;
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
           (READ_ONCE(t->stay) == THREAD_IS_TO_LEAVE ||
            READ_ONCE(t->process->stop_signal) ||
            (all_pending(t) & (~t->signals.blocked | t->signals.awaited)));
}

bool
signal_killed_meanwhile(void)
{
    const struct process *self = process_current();
    sched_yield_if_due();
    return self && (READ_ONCE(thread_current()->stay) == THREAD_IS_TO_LEAVE ||
                    READ_ONCE(self->signals.pending.set) & SIGNAL_BIT(SIGKILL));
}

/* ---- On the way to user mode ---- */

bool
signal_may_report(void)
{
    static uint64_t used_ns; /* who crashes again and again is no news */
    uint64_t now = clock_now_ns(), used = MAX(READ_ONCE(used_ns), now);
    if (used - now > (REPORT_BURST - 1) * REPORT_NS)
        return false;
    WRITE_ONCE(used_ns, used + REPORT_NS);
    return true;
}

/* Says what a process died of, if it is not what somebody wanted. */
static void
report(const struct trapframe *frame, const struct siginfo *info)
{
    const struct process *self = process_current();
    if (!(SIGNAL_BIT(info->signo) & DUMPS_BY_DEFAULT) || !signal_may_report())
        return;
    pr_info("%s[%d]: ended by signal %d, code %d, pc %#lx", self->name,
            self->pid, info->signo, info->code, frame->sepc);
    if (info->code > 0 && info->code != SI_KERNEL)
        report_frame(frame);
}

static NORETURN void
end_by(const struct trapframe *frame, const struct siginfo *info)
{
    report(frame, info);
    process_exit(info->signo);
}

/* Begins a stop of all threads: each comes to wait_while_stopped_locked. */
static void
stop_locked(struct process *self, int sig) REQUIRES(process_lock)
{
    self->stop_signal = sig;
    self->stop_reported = self->has_continued = false;
    signal_notify_threads(self, NULL, ~0ul);
}

/* Where each thread of a stopped process stays; the last to arrive tells the
 * parent. Only leaving for good leads out of it but SIGCONT. */
static void
wait_while_stopped_locked(struct process *self) REQUIRES(process_lock)
{
    self->nstopped++;
    process_report_stop_locked(self);
    while (self->stop_signal && thread_current()->stay == THREAD_STAYS)
        waitq_sleep(&self->continued, &process_lock);
    self->nstopped--;
}

void
signal_force(int sig, int code, uint64_t addr)
{
    struct thread *t = thread_current();
    t->signals.fault =
        (struct siginfo){.signo = sig, .code = code, .addr = addr};
    __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}

/* A fault cannot be put off: where it is blocked or ignored, its default
 * comes. Neither can init, or anybody else, be spared. */
static bool
take_fault_locked(struct siginfo *info, struct sigaction_abi *action)
    REQUIRES(process_lock)
{
    struct thread_signals *mine = &thread_current()->signals;
    *info = mine->fault;
    if (info->signo == 0)
        return false;
    uint64_t bit = SIGNAL_BIT(info->signo);
    mine->fault.signo = 0;
    *action = signal_get_action(process_current(), info->signo);
    if (action->handler == SIG_IGN || mine->blocked & bit)
        action->handler = SIG_DFL;
    mine->blocked &= ~bit;
    return true;
}

/* Finds what to act on next: a signal whose action is a handler or ends the
 * process. */
static bool
next_locked(struct siginfo *info, struct sigaction_abi *action)
    REQUIRES(process_lock)
{
    struct process *self = process_current();
    const struct thread *t = thread_current();
    if (take_fault_locked(info, action))
        return true;
    for (;;) {
        if (self->stop_signal)
            wait_while_stopped_locked(self);
        if (t->stay != THREAD_STAYS || !take_locked(~t->signals.blocked, info))
            return false;
        *action = signal_get_action(self, info->signo);
        if (signal_is_without_effect(self, info->signo))
            continue; /* it was blocked when it was sent */
        if (action->handler != SIG_DFL ||
            !(SIGNAL_BIT(info->signo) & STOPS_BY_DEFAULT))
            return true;
        if (info->signo != SIGSTOP &&
            process_is_orphaned_group_locked(self->pgid, NULL))
            continue; /* nobody would continue it [posix §2.4.3] */
        stop_locked(self, info->signo);
    }
}

/* The call that was interrupted is made again, unless a handler sees to it
 * that it returns. A wait that has a deadline always does. */
static void
end_interrupted_call(struct trapframe *frame,
                     const struct sigaction_abi *action)
{
    struct thread_signals *mine = &thread_current()->signals;
    if (mine->is_interrupted &&
        (mine->wait_until != 0 || !(action->flags & SA_RESTART))) {
        frame->a[0] = (uint64_t)-EINTR;
        frame->sepc += 4;
    }
    mine->is_interrupted = false;
    mine->wait_until = 0;
}

/* Makes the thread continue in a handler. */
static void
enter_handler(struct trapframe *frame, const struct sigaction_abi *action,
              const struct siginfo *info)
{
    struct thread_signals *mine = &thread_current()->signals;
    uint64_t mask = mine->has_saved_mask ? mine->saved_mask : mine->blocked;
    end_interrupted_call(frame, action);
    if (signal_frame_push(frame, action, info, mask) != 0) {
        if (info->signo == SIGSEGV)
            signal_default(SIGSEGV);
        signal_force(SIGSEGV, SI_KERNEL, 0);
        return;
    }
    mine->has_saved_mask = false;
    mask = mine->blocked | action->mask;
    if (!(action->flags & SA_NODEFER))
        mask |= SIGNAL_BIT(info->signo);
    signal_set_blocked(mask);
    if (action->flags & SA_RESETHAND)
        signal_default(info->signo);
}

void
signal_deliver(struct trapframe *frame)
{
    struct thread *t = thread_current();
    struct sigaction_abi action;
    struct siginfo info;
    __atomic_fetch_and(&t->arch.work, ~THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
    spin_lock(&process_lock);
    bool found = next_locked(&info, &action);
    spin_unlock(&process_lock);
    if (READ_ONCE(t->stay) == THREAD_IS_TO_LEAVE)
        thread_leave();
    if (found) {
        if (action.handler == SIG_DFL)
            end_by(frame, &info);
        enter_handler(frame, &action, &info);
        /* and look again: there may be more */
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
        return;
    }
    t->signals.is_interrupted = false;
    if (t->signals.has_saved_mask) {
        t->signals.has_saved_mask = false;
        signal_set_blocked(t->signals.saved_mask);
    }
}

void
signal_interrupt_call(struct trapframe *frame)
{
    struct thread *t = thread_current();
    frame->sepc -= 4;
    t->signals.is_interrupted = true;
    __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}

void
signal_mask_for_wait(uint64_t set)
{
    struct thread *t = thread_current();
    t->signals.saved_mask = t->signals.blocked;
    t->signals.has_saved_mask = true;
    signal_set_blocked(set);
    __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}

int
signal_suspend(uint64_t set)
{
    signal_mask_for_wait(set);
    uint64_t deadline = signal_wait_begin(WAIT_FOREVER);
    return signal_wait_end(waitq_sleep_alone(deadline), deadline);
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
    if (until != 0 || ns == WAIT_FOREVER)
        return until != 0 ? until : WAIT_FOREVER;
    return clock_now_ns() + ns;
}

int
signal_wait_end(int error, uint64_t deadline_ns)
{
    struct thread_signals *mine = &thread_current()->signals;
    mine->wait_until = error == -EINTR ? deadline_ns : 0;
    if (error != -EINTR && mine->has_saved_mask) {
        mine->has_saved_mask = false;
        signal_set_blocked(mine->saved_mask);
    }
    return error;
}
