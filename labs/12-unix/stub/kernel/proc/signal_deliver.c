#include "arch/clock.h"
#include "arch/report.h"
#include "lib/print.h"
#include "lib/todo.h"
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

/* Begins a stop of all threads: each of them is to look (signal_notify_threads,
 * with all signals) and comes to wait_while_stopped_locked. The parent has not
 * been told yet, and what it had not asked about continuing is out of date. */
static void
stop_locked(struct process *self, int sig) REQUIRES(process_lock)
{
    LAB_TODO(12);
}

/* Where each thread of a stopped process stays, in self->continued; it counts
 * itself among nstopped as long, and the last to arrive tells the parent
 * (process_report_stop_locked). Only leaving for good (thread_current()->stay)
 * leads out of it but SIGCONT, which has cleared stop_signal. */
static void
wait_while_stopped_locked(struct process *self) REQUIRES(process_lock)
{
    LAB_TODO(12);
}

void
signal_force(int sig, int code, uint64_t addr)
{
    struct thread *t = thread_current();
    t->signals.fault =
        (struct siginfo){.signo = sig, .code = code, .addr = addr};
    __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}

/* The thread's own fault (signals.fault), if there is one, before anything
 * else. It cannot be put off: where it is blocked or ignored, its default
 * comes. */
static bool
take_fault_locked(struct siginfo *info, struct sigaction_abi *action)
    REQUIRES(process_lock)
{
    LAB_TODO(12);
}

/* Finds what to act on next: a signal whose action is a handler or ends the
 * process. In between the process may have to stop, here; and some signals turn
 * out to be without effect. Of those that stop, all but SIGSTOP do nothing to a
 * group that nobody would continue [posix §2.4.3]. */
static bool
next_locked(struct siginfo *info, struct sigaction_abi *action)
    REQUIRES(process_lock)
{
    LAB_TODO(12);
}

/* The call that was interrupted is made again, unless the handler's action has
 * no SA_RESTART, or it was a wait with a deadline: then it returns -EINTR, and
 * the program goes on behind its ecall, 4 bytes on. */
static void
end_interrupted_call(struct trapframe *frame,
                     const struct sigaction_abi *action)
{
    LAB_TODO(12);
}

/* Makes the thread continue in a handler: the interrupted call first, then the
 * frame, with the mask that is to be there when the handler has returned; which
 * is that? Then what is blocked while it runs [posix, sigaction], and
 * SA_RESETHAND. A frame that cannot be pushed is a SIGSEGV (signal_force); and
 * if it is SIGSEGV's own, by default. */
static void
enter_handler(struct trapframe *frame, const struct sigaction_abi *action,
              const struct siginfo *info)
{
    LAB_TODO(12);
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

/* Takes a signal of the set, or sleeps until one comes that is awaited, the
 * time is over, or another signal is to be acted on. process_lock guards the
 * look and the sleep. */
int
signal_wait(uint64_t set, uint64_t deadline_ns, struct siginfo *info)
{
    LAB_TODO(12);
}

/* Two signals can never be blocked. What now gets through is acted on as the
 * call returns: THREAD_WORK_SIGNAL. */
void
signal_set_blocked(uint64_t set)
{
    LAB_TODO(12);
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
