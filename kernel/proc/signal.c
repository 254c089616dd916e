#include "proc/signal.h"
#include "abi/errno.h"
#include "lib/bits.h"
#include "proc/sched.h"

/* Signal n has bit n - 1 of a set, as in user space. */
#define BIT(sig) (1ul << ((sig)-1))

/* What SIG_DFL means [posix signal.h]. */
#define IGNORED_BY_DEFAULT \
    (BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGURG) | BIT(SIGWINCH))
#define STOPS_BY_DEFAULT \
    (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))
#define UNSTOPPABLE (BIT(SIGKILL) | BIT(SIGSTOP))

static bool
is_signal(int sig)
{
    return sig > 0 && sig <= NSIG;
}

bool
signal_is_ignored(const struct process *process, int sig)
{
    return process->ignored & BIT(sig);
}

bool
signal_is_ending(const struct process *process)
{
    return process->is_ending || process->pending & BIT(SIGKILL);
}

void
signal_send_locked(struct process *process, int sig)
{
    uint64_t bit = BIT(sig);
    if (process->state != PROCESS_ALIVE)
        return;
    if (bit & (BIT(SIGCONT) | BIT(SIGKILL))) {
        process->pending &= ~STOPS_BY_DEFAULT;
        if (process->stop_signal && bit & BIT(SIGCONT)) {
            process->has_continued = true;
            waitq_wake_all(&process->parent->child_changed);
        }
        process->stop_signal = 0;
        waitq_wake_all(&process->continued);
    }
    if (bit & STOPS_BY_DEFAULT)
        process->pending &= ~BIT(SIGCONT);
    /* Without handlers, what is not ignored ends or stops the process, and
     * init is not to be ended or stopped by a signal. */
    if (bit & (process->ignored | IGNORED_BY_DEFAULT) || process->pid == 1)
        return;
    process->pending |= bit;
    struct thread *t;
    list_for_each_entry (t, &process->threads, process_node) {
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
        sched_interrupt(t);
    }
}

int
signal_send_group(int pgid, int sig)
{
    struct process *p, *self = process_current();
    int result = -ESRCH;
    spin_lock(&process_lock);
    list_for_each_entry (p, &process_list, all_node) {
        if (pgid != 0 ? p->pgid != pgid : p->pid == 1 || p == self)
            continue;
        result = 0;
        if (sig != 0)
            signal_send_locked(p, sig);
    }
    spin_unlock(&process_lock);
    return result;
}

int
signal_kill(int pid, int sig)
{
    if (sig != 0 && !is_signal(sig))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH; /* has no group of the opposite number */
    if (pid == -1)
        return signal_send_group(0, sig);
    if (pid <= 0)
        return signal_send_group(pid ? -pid : process_current()->pgid, sig);
    spin_lock(&process_lock);
    struct process *p = process_find_locked(pid);
    if (p && sig != 0)
        signal_send_locked(p, sig);
    spin_unlock(&process_lock);
    return p ? 0 : -ESRCH;
}

void
signal_send_current(int sig)
{
    spin_lock(&process_lock);
    signal_send_locked(process_current(), sig);
    spin_unlock(&process_lock);
}

/* The signals that thread t may act on now. */
static uint64_t
deliverable(const struct thread *t)
{
    return READ_ONCE(t->process->pending) & (~t->blocked | UNSTOPPABLE);
}

bool
signal_pending(void)
{
    const struct thread *t = thread_current();
    return t->process && deliverable(t) != 0;
}

bool
signal_killed_meanwhile(void)
{
    const struct process *self = process_current();
    sched_yield_if_due();
    return self && READ_ONCE(self->pending) & BIT(SIGKILL);
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
    uint64_t set;
    __atomic_fetch_and(&t->arch.work, ~THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
    spin_lock(&process_lock);
    while ((set = deliverable(t)) != 0) {
        int sig = 1 + (int)bit_count_trailing_zeros64(set);
        self->pending &= ~BIT(sig);
        if (BIT(sig) & STOPS_BY_DEFAULT) {
            stop_locked(self, sig);
            continue;
        }
        spin_unlock(&process_lock);
        process_exit(sig);
    }
    spin_unlock(&process_lock);
}

int
signal_action(int sig, const uint64_t *new, uint64_t *old)
{
    struct process *self = process_current();
    if (!is_signal(sig) || (new &&BIT(sig) & UNSTOPPABLE))
        return -EINVAL;
    if (new &&*new != SIG_DFL &&*new != SIG_IGN)
        return -ENOSYS;
    spin_lock(&process_lock);
    *old = self->ignored & BIT(sig) ? SIG_IGN : SIG_DFL;
    if (new)
        self->ignored &= ~BIT(sig);
    if (new &&*new == SIG_IGN) {
        self->ignored |= BIT(sig);
        self->pending &= ~BIT(sig);
    }
    spin_unlock(&process_lock);
    return 0;
}

void
signal_reset(void)
{
    spin_lock(&process_lock);
    process_current()->ignored = process_current()->pending = 0;
    spin_unlock(&process_lock);
    thread_current()->blocked = 0;
}

void
signal_set_blocked(uint64_t set)
{
    struct thread *t = thread_current();
    t->blocked = set & ~UNSTOPPABLE;
    /* What now gets through is acted on as the call returns. */
    if (signal_pending())
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_RELAXED);
}
