/* What may block first; then one locked step; then the list of those that
 * nobody waits for, oneself among them. */
#include "abi/wait.h"
#include "lib/panic.h"
#include "mm/space.h"
#include "proc/futex.h"
#include "proc/itimer.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/usage.h"

/* Who takes on the children of a process: of its ancestors the nearest that has
 * offered to (is_subreaper), and is alive; or else init, the one without a
 * parent. */
static struct process *
find_reaper_locked(const struct process *process) REQUIRES(process_lock)
{
    struct process *p = process->parent;
    while (p->parent != NULL && !(p->is_subreaper && p->state == PROCESS_ALIVE))
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

/* Tells the parent (signal_tell_parent_locked) how the process has ended:
 * CLD_EXITED with its code, or CLD_KILLED with the signal. abi/wait.h takes
 * exit_status apart.
 *
 * A parent that ignores SIGCHLD, or has SA_NOCLDWAIT in its action for it,
 * wants no zombie of a child that ends with that signal [posix _exit]: then the
 * process is taken out of the table. Returns whether that is so; whoever called
 * us has the last reference then. */
static bool
report_locked(struct process *process) REQUIRES(process_lock)
{
    int status = process->exit_status;
    if (WIFEXITED(status))
        signal_tell_parent_locked(process, CLD_EXITED, WEXITSTATUS(status));
    else
        signal_tell_parent_locked(process, CLD_KILLED, WTERMSIG(status));
    struct sigaction_abi action = signal_get_action(process->parent, SIGCHLD);
    if (process->exit_signal != SIGCHLD ||
        (action.handler != SIG_IGN && !(action.flags & SA_NOCLDWAIT)))
        return false;
    process_unlink_locked(process);
    return true;
}

/* Gives the children of a dying process to its reaper. Each has another parent
 * from now on, who is told of its end by SIGCHLD; gets the signal it asked for
 * (death_signal, 0: none); and may have ended already: then the reaper is told,
 * and if it does not want it, it goes to the list `gone` (by sibling_node). All
 * others become the reaper's children, and it may sleep in child_changed.
 *
 * Groups of processes are given: call leave_group_locked(child->pgid, process)
 * for a child in another group of the same session, and at the end
 * leave_group_locked(process->pgid, process), if the process's own parent is in
 * another group. */
static void
hand_over_children_locked(struct process *process, struct list_node *gone)
    REQUIRES(process_lock)
{
    struct process *reaper = find_reaper_locked(process);
    list_for_each_safe (node, &process->children) {
        struct process *child = list_entry(node, struct process, sibling_node);
        child->parent = reaper;
        child->exit_signal = SIGCHLD;
        list_del(node);
        list_push_back(&reaper->children, node);
        if (child->death_signal != 0)
            signal_send_locked(child, child->death_signal);
        if (child->pgid != process->pgid && child->sid == process->sid)
            leave_group_locked(child->pgid, process);
        if (child->state == PROCESS_ZOMBIE && report_locked(child))
            list_push_back(gone, node);
    }
    waitq_wake_all(&reaper->child_changed);
    if (process->parent->pgid != process->pgid)
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

/* The rest of a process after its last thread's life. First what may block: its
 * timers (itimer_delete_all), its files (process_hooks.release), its memory
 * (release_space). Then, as one step that others see whole: the children are
 * handed over, the thread is no longer a part of it, it is a zombie, its
 * pending signals are forgotten (signal_end_process_locked), its parent is
 * told. From when on may it be gone?
 *
 * At last the references to those that nobody waits for are dropped, and the
 * thread ends (thread_exit). */
static NORETURN void
end_process(struct process *self)
{
    struct list_node gone = LIST_INIT(gone);
    itimer_delete_all(self);
    process_hooks.release(self);
    release_space(self);

    spin_lock(&process_lock);
    hand_over_children_locked(self, &gone);
    process_remove_thread_locked(thread_current());
    self->state = PROCESS_ZOMBIE;
    signal_end_process_locked(self);
    if (report_locked(self))
        list_push_back(&gone, &self->sibling_node);
    spin_unlock(&process_lock);

    struct process *p;
    while ((p = list_pop(struct process, &gone, sibling_node)) != NULL)
        process_put(p);
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

/* Several threads may come here, or a fatal signal at the same time: the first
 * decides on the status, notes that the process is ending, and makes the others
 * leave (dismiss_others_locked). Each thread then leaves (thread_leave). */
void
process_exit(int status)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    if (!self->is_ending) {
        self->exit_status = status;
        self->is_ending = true;
        dismiss_others_locked(self);
    }
    spin_unlock(&process_lock);
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
