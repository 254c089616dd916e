/* Family matters as a few small questions (who adopts, who wants a zombie,
 * which groups lose a parent), each a function of its own; the end of a process
 * is then two lists of what to do, before it is seen to be dead, and as one
 * step.
 */
#include "abi/wait.h"
#include "lib/panic.h"
#include "mm/space.h"
#include "proc/futex.h"
#include "proc/itimer.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/usage.h"

static bool
adopts(const struct process *p) REQUIRES(process_lock)
{
    bool is_init = !p->parent;
    return is_init || (p->is_subreaper && p->state == PROCESS_ALIVE);
}

/* Who takes on the children of a process: the nearest ancestor that does. */
static struct process *
find_reaper_locked(const struct process *process) REQUIRES(process_lock)
{
    struct process *p = process->parent;
    while (!adopts(p))
        p = p->parent;
    return p;
}

/* `leaver` no longer counts as a member of group pgid, or as a parent of one:
 * if nobody is left who could continue its stopped members, they are told so
 * [posix _exit]. */
static void
leave_group_locked(int pgid, const struct process *leaver)
    REQUIRES(process_lock)
{
    bool has_stopped_members = false;
    list_for_each (struct process, p, &process_list, all_node)
        has_stopped_members |= p->pgid == pgid && p->stop_signal;
    if (!has_stopped_members || !process_is_orphaned_group_locked(pgid, leaver))
        return;
    list_for_each (struct process, p, &process_list, all_node) {
        if (p->pgid == pgid) {
            signal_send_locked(p, SIGHUP);
            signal_send_locked(p, SIGCONT);
        }
    }
}

static void
tell_end_locked(struct process *process) REQUIRES(process_lock)
{
    int status = process->exit_status;
    if (WIFEXITED(status))
        signal_tell_parent_locked(process, CLD_EXITED, WEXITSTATUS(status));
    else
        signal_tell_parent_locked(process, CLD_KILLED, WTERMSIG(status));
}

/* Whether the parent will wait for the process [posix _exit]. */
static bool
parent_wants_zombie(const struct process *process) REQUIRES(process_lock)
{
    const struct process *parent = process->parent;
    uint64_t flags = signal_get_action(parent, SIGCHLD).flags;
    return process->exit_signal != SIGCHLD ||
           !(signal_is_ignored(parent, SIGCHLD) || flags & SA_NOCLDWAIT);
}

/* Tells the parent how the process has ended, and takes it out of the table if
 * nobody will wait for it. Returns whether that is so; whoever called us has
 * the last reference then. */
static bool
report_locked(struct process *process) REQUIRES(process_lock)
{
    tell_end_locked(process);
    if (parent_wants_zombie(process))
        return false;
    process_unlink_locked(process);
    return true;
}

/* Reports the end of a process; one that nobody wants goes to the list `gone`,
 * until references may be dropped. */
static void
bury_locked(struct process *process, struct list_node *gone)
    REQUIRES(process_lock)
{
    if (report_locked(process))
        list_push_back(gone, &process->sibling_node);
}

/* What changes for a child is what its new parent is to hear of it. */
static void
adopt_locked(struct process *child, struct process *reaper)
    REQUIRES(process_lock)
{
    list_del(&child->sibling_node);
    list_push_back(&reaper->children, &child->sibling_node);
    child->parent = reaper;
    child->exit_signal = SIGCHLD;
}

/* Whether one of two relatives stands for the other's group in their session:
 * it is in another one, and can continue what is stopped there. */
static bool
minds_group(const struct process *parent, const struct process *child)
    REQUIRES(process_lock)
{
    return parent->pgid != child->pgid && parent->sid == child->sid;
}

/* Tells a child of the death of its parent, and of its own the new one. */
static void
orphan_locked(struct process *child, const struct process *leaver,
              struct list_node *gone) REQUIRES(process_lock)
{
    if (child->death_signal != 0)
        signal_send_locked(child, child->death_signal);
    if (minds_group(leaver, child))
        leave_group_locked(child->pgid, leaver);
    if (child->state == PROCESS_ZOMBIE)
        bury_locked(child, gone);
}

/* Gives the children of a dying process to its reaper, who may sleep, waiting
 * for news of them. */
static void
hand_over_children_locked(struct process *process, struct list_node *gone)
    REQUIRES(process_lock)
{
    struct process *reaper = find_reaper_locked(process);
    list_for_each_safe (node, &process->children) {
        struct process *child = list_entry(node, struct process, sibling_node);
        adopt_locked(child, reaper);
        orphan_locked(child, process, gone);
    }
    waitq_wake_all(&reaper->child_changed);
    if (minds_group(process->parent, process))
        leave_group_locked(process->pgid, process);
}

/* The process has its space until the memory is free: who looks for some
 * meanwhile sees that it is on the way. */
static void
release_space(struct process *process)
{
    struct space *space = process->space;
    space_leave(space);
    spin_lock(&process_lock);
    usage_keep_peak(process);
    process->space = NULL;
    thread_current()->arch.space = NULL;
    process_let_parent_go_locked(process);
    spin_unlock(&process_lock);
    space_unref(space);
}

bool
process_has_stopped(const struct process *process)
{
    return process->stop_signal && process->nstopped == process->nthreads;
}

void
process_report_stop_locked(struct process *process)
{
    if (!process_has_stopped(process))
        return;
    signal_tell_parent_locked(process, CLD_STOPPED, process->stop_signal);
}

/* ---- Ends of threads ---- */

/* Makes all threads but the running one leave. */
static void
dismiss_others_locked(struct process *self) REQUIRES(process_lock)
{
    list_for_each (struct thread, t, &self->threads, process_node) {
        if (t == thread_current() || t->stay != THREAD_STAYS)
            continue;
        WRITE_ONCE(t->stay, THREAD_IS_TO_LEAVE);
        __atomic_fetch_or(&t->arch.work, THREAD_WORK_SIGNAL, __ATOMIC_SEQ_CST);
        sched_interrupt(t);
    }
    waitq_wake_all(&self->continued);
}

int
process_end_others(void)
{
    struct process *self = process_current();
    struct thread *t = thread_current();
    spin_guard(&process_lock);
    if (t->stay != THREAD_STAYS)
        return -EINTR;
    self->survivor = t;
    dismiss_others_locked(self);
    while (self->nthreads > 1 && t->stay == THREAD_STAYS)
        waitq_sleep(&self->continued, &process_lock);
    self->survivor = NULL;
    if (t->stay != THREAD_STAYS)
        return -EINTR;
    process_make_leader_locked(t);
    self->exit_signal = SIGCHLD;
    return 0;
}

/* What may block: done by a process that looks alive. */
static void
release_all(struct process *self)
{
    itimer_delete_all(self);
    process_hooks.release(self);
    release_space(self);
}

/* What others see as one step. */
static void
die_locked(struct process *self, struct list_node *gone) REQUIRES(process_lock)
{
    hand_over_children_locked(self, gone);
    process_remove_thread_locked(thread_current());
    self->state = PROCESS_ZOMBIE;
    signal_end_process_locked(self);
    bury_locked(self, gone);
}

/* Drops the last reference to each. */
static void
put_all(struct list_node *gone)
{
    struct process *process;
    while ((process = list_pop(struct process, gone, sibling_node)))
        process_put(process);
}

/* The rest of a process after its last thread's life. Once it is dead, and
 * process_lock is free, its parent may have waited for it: self is not to be
 * touched any more. */
static NORETURN void
end_process(struct process *self)
{
    struct list_node gone = LIST_INIT(gone);
    release_all(self);
    spin_lock(&process_lock);
    die_locked(self, &gone);
    spin_unlock(&process_lock);
    put_all(&gone);
    thread_exit();
}

/* Returns whether the running thread, which leaves, is its process's last. If
 * not, nothing of the process is the thread's any more. */
static bool
part(struct process *self, struct thread *t)
{
    spin_guard(&process_lock);
    if (self->nthreads == 1) {
        self->is_ending = true;
        return true;
    }
    process_remove_thread_locked(t);
    t->arch.space = NULL;
    process_report_stop_locked(self);
    if (self->survivor)
        waitq_wake_all(&self->continued);
    return false;
}

void
thread_leave(void)
{
    struct process *self = process_current();
    struct thread *t = thread_current();
    WRITE_ONCE(t->stay, THREAD_LEAVES);
    process_hooks.end_call();
    futex_end_thread();
    if (!part(self, t))
        thread_exit();
    if (self->pid == 1) {
        self->is_ending = false;
        t->stay = THREAD_STAYS;
        process_hooks.init_ended(self->exit_status);
    }
    end_process(self);
}

/* The first who ends a process decides on its status. */
static void
begin_end(struct process *self, int status)
{
    spin_guard(&process_lock);
    if (self->is_ending)
        return;
    self->is_ending = true;
    self->exit_status = status;
    dismiss_others_locked(self);
}

void
process_exit(int status)
{
    begin_end(process_current(), status);
    thread_leave();
}

void
thread_exit_user(int status)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    if (!self->is_ending && thread_current()->tid == self->pid)
        self->exit_status = status;
    spin_unlock(&process_lock);
    thread_leave();
}
