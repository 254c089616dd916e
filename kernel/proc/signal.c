#include "proc/signal.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/itimer.h"
#include "proc/sched.h"
#include "proc/signal_queue.h"
#include "proc/usage.h"
#include "trace/trace.h"

#define NS_PER_TICK 10000000

static bool
is_signal(int sig)
{
    return sig > 0 && sig <= NSIG;
}

/* ---- Dispositions ---- */

struct sigaction_abi
signal_get_action(const struct process *process, int sig)
{
    const struct sigaction_abi *actions = process->signals.actions;
    return actions ? actions[sig - 1] : (struct sigaction_abi){0};
}

static uint64_t
handler_of(const struct process *process, int sig)
{
    const struct sigaction_abi *actions = process->signals.actions;
    return actions ? actions[sig - 1].handler : SIG_DFL;
}

void
signal_default(int sig)
{
    spin_guard(&process_lock);
    if (process_current()->signals.actions)
        process_current()->signals.actions[sig - 1].handler = SIG_DFL;
}

bool
signal_is_ignored(const struct process *process, int sig)
{
    return handler_of(process, sig) == SIG_IGN;
}

bool
signal_is_without_effect(const struct process *process, int sig)
{
    uint64_t handler = handler_of(process, sig);
    return handler == SIG_IGN ||
           (handler == SIG_DFL &&
            (SIGNAL_BIT(sig) & IGNORED_BY_DEFAULT || process->pid == 1));
}

bool
signal_is_ending(const struct process *process)
{
    return process->is_ending ||
           process->signals.pending.set & SIGNAL_BIT(SIGKILL);
}

/* Forgets signals of `set`, whoever they were sent to. */
static void
discard_all(struct process *process, uint64_t set) REQUIRES(process_lock)
{
    signal_queue_discard(process, &process->signals.pending, set);
    list_for_each (struct thread, t, &process->threads, process_node)
        signal_queue_discard(process, &t->signals.pending, set);
}

int
signal_action(int sig, const struct sigaction_abi *new,
              struct sigaction_abi *old)
{
    struct process *self = process_current();
    FREED struct sigaction_abi *fresh = NULL;
    if (!is_signal(sig) || (new &&SIGNAL_BIT(sig) & UNSTOPPABLE))
        return -EINVAL;
    if (new && !self->signals.actions &&
        !(fresh = kzalloc(NSIG * sizeof(*new))))
        return -ENOMEM;
    spin_guard(&process_lock);
    if (!self->signals.actions)
        SWAP(self->signals.actions, fresh);
    *old = signal_get_action(self, sig);
    if (!new)
        return 0;
    struct sigaction_abi *action = &self->signals.actions[sig - 1];
    *action = *new;
    action->mask &= ~UNSTOPPABLE;
    if (signal_is_without_effect(self, sig))
        discard_all(self, SIGNAL_BIT(sig));
    return 0;
}

/* ---- Sending ---- */

/* The signals that concern a thread now. */
static uint64_t
let_through(const struct thread *t)
{
    return ~t->signals.blocked | t->signals.awaited;
}

void
signal_notify_threads(struct process *process, const struct thread *only,
                      uint64_t set)
{
    list_for_each (struct thread, t, &process->threads, process_node) {
        if ((only && t != only) || !(set & let_through(t)))
            continue;
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
        sched_interrupt(t);
    }
}

void
signal_tell_parent_locked(struct process *process, int code, int status)
{
    struct process *parent = process->parent;
    bool is_stop = code == CLD_STOPPED || code == CLD_CONTINUED;
    uint64_t flags = signal_get_action(parent, SIGCHLD).flags;
    struct usage used = usage_of_process(process);
    struct siginfo info = {
        .signo = is_stop ? SIGCHLD : process->exit_signal,
        .code = code,
        .pid = process->pid,
        .uid = process->cred->uid.real,
        .value = (uint32_t)status,
        .utime = (int64_t)(used.user_ns / NS_PER_TICK),
        .stime = (int64_t)((used.run_ns - used.user_ns) / NS_PER_TICK),
    };
    if (info.signo != 0 && !(is_stop && flags & SA_NOCLDSTOP))
        (void)signal_send_info_locked(parent, NULL, &info);
    waitq_wake_all(&parent->child_changed);
}

static void
continue_locked(struct process *process, int sig) REQUIRES(process_lock)
{
    discard_all(process, STOPS_BY_DEFAULT);
    if (process->stop_signal && sig == SIGCONT) {
        process->has_continued = true;
        signal_tell_parent_locked(process, CLD_CONTINUED, SIGCONT);
    }
    process->stop_signal = 0;
    waitq_wake_all(&process->continued);
}

/* Blocked signals wait even if they are ignored: that may change first. */
static bool
is_dropped(const struct process *process, const struct thread *thread, int sig)
    REQUIRES(process_lock)
{
    if (!thread && !list_is_empty(&process->threads))
        thread = list_entry(process->threads.next, struct thread, process_node);
    if (thread && thread->signals.blocked & SIGNAL_BIT(sig))
        return false;
    return signal_is_without_effect(process, sig);
}

int
signal_send_info_locked(struct process *process, struct thread *thread,
                        const struct siginfo *info)
{
    int sig = info->signo;
    if (process->state != PROCESS_ALIVE)
        return 0;
    trace_proc_signal((unsigned)sig, (unsigned)process->pid);
    if (sig == SIGCONT || sig == SIGKILL)
        continue_locked(process, sig);
    if (SIGNAL_BIT(sig) & STOPS_BY_DEFAULT)
        discard_all(process, SIGNAL_BIT(SIGCONT));
    if (is_dropped(process, thread, sig))
        return 0;
    if (sig == SIGKILL)
        thread = NULL;
    int error = signal_queue_add(
        process, thread ? &thread->signals.pending : &process->signals.pending,
        info);
    if (error == 0)
        signal_notify_threads(process, thread, SIGNAL_BIT(sig));
    return error;
}

void
signal_send_locked(struct process *process, int sig)
{
    struct siginfo info = {.signo = sig, .code = SI_KERNEL};
    (void)signal_send_info_locked(process, NULL, &info);
}

void
signal_send_current(int sig)
{
    struct siginfo info = {.signo = sig, .pid = process_current()->pid};
    spin_guard(&process_lock);
    (void)signal_send_info_locked(process_current(), thread_current(), &info);
}

/* ---- Sending by number ---- */

/* Sends to a group, or, if pgid is 0, to all but init and the caller. */
static int
send_to_group(int pgid, const struct siginfo *info)
{
    const struct process *self = process_current();
    int result = -ESRCH;
    spin_guard(&process_lock);
    list_for_each (struct process, p, &process_list, all_node) {
        if (pgid != 0 ? p->pgid != pgid : p->pid == 1 || p == self)
            continue;
        /* Users may signal their own; to all, it is no error if none is. */
        if (info->code != SI_KERNEL && !cred_may_signal(p, info->signo)) {
            if (result != 0)
                result = pgid != 0 ? -EPERM : 0;
            continue;
        }
        result = 0;
        if (info->signo != 0)
            (void)signal_send_info_locked(p, NULL, info);
    }
    return result;
}

int
signal_send_group(int pgid, int sig)
{
    struct siginfo info = {.signo = sig, .code = SI_KERNEL};
    return send_to_group(pgid, &info);
}

int
signal_kill_thread(int pid, int tid, const struct siginfo *info)
{
    int number = tid ? tid : pid;
    if (info->signo != 0 && !is_signal(info->signo))
        return -EINVAL;
    spin_guard(&process_lock);
    struct thread *t = thread_find_locked(number);
    struct process *p = t ? t->process : process_find_locked(number);
    if (!p || (pid != 0 && tid != 0 && p->pid != pid))
        return -ESRCH;
    if (!cred_may_signal(p, info->signo))
        return -EPERM;
    if (info->signo == 0 || (!t && tid != 0)) /* only a look; or it has left */
        return 0;
    return signal_send_info_locked(p, tid ? t : NULL, info);
}

int
signal_kill(int pid, int sig)
{
    struct siginfo info = {.signo = sig,
                           .pid = process_current()->pid,
                           .uid = cred_current()->uid.real};
    if (sig != 0 && !is_signal(sig))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH; /* has no group of the opposite number */
    if (pid == -1)
        return send_to_group(0, &info);
    if (pid <= 0)
        return send_to_group(pid ? -pid : process_current()->pgid, &info);
    return signal_kill_thread(pid, 0, &info);
}

/* ---- Lives ---- */

void
signal_init_process(struct process *process)
{
    signal_queue_init(&process->signals.pending);
    list_init(&process->signals.timers);
}

void
signal_init_thread(struct thread *thread)
{
    signal_queue_init(&thread->signals.pending);
}

void
signal_inherit_mask(struct thread *thread)
{
    thread->signals.blocked = thread_current()->signals.blocked;
}

int
signal_inherit(struct process *child, struct thread *thread)
{
    /* Once a process has such a table, it stays until exec or the end. */
    const struct sigaction_abi *actions = process_current()->signals.actions;
    signal_inherit_mask(thread);
    thread->signals.altstack = thread_current()->signals.altstack;
    if (!actions)
        return 0;
    child->signals.actions = kmalloc(NSIG * sizeof(*actions));
    if (!child->signals.actions)
        return -ENOMEM;
    spin_guard(&process_lock);
    memcpy(child->signals.actions, actions, NSIG * sizeof(*actions));
    return 0;
}

void
signal_end_thread_locked(struct thread *thread)
{
    signal_queue_discard(thread->process, &thread->signals.pending, ~0ul);
}

void
signal_end_process_locked(struct process *process)
{
    signal_queue_discard(process, &process->signals.pending, ~0ul);
    kfree(process->signals.actions);
    process->signals.actions = NULL;
}

void
signal_forget_handlers(struct process *process)
{
    struct sigaction_abi *actions = process->signals.actions;
    spin_guard(&process_lock);
    for (unsigned i = 0; actions && i < NSIG; i++)
        actions[i] = (struct sigaction_abi){
            .handler = actions[i].handler == SIG_IGN ? SIG_IGN : SIG_DFL};
}

void
signal_exec(void)
{
    struct thread_signals *mine = &thread_current()->signals;
    signal_forget_handlers(process_current());
    itimer_delete_created(process_current());
    mine->altstack = (struct sigaltstack){0};
    mine->wait_until = 0;
}

void
signal_reset(void)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    discard_all(self, ~0ul);
    kfree(self->signals.actions);
    self->signals.actions = NULL;
    spin_unlock(&process_lock);
    thread_current()->signals.blocked = 0;
}
