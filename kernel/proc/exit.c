#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "lib/panic.h"
#include "mm/space.h"
#include "proc/futex.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/sched.h"
#include "proc/signal.h"

/* Gives the children of a dying process to init, who waits for them all. */
static void
hand_over_children_locked(struct process *process) REQUIRES(process_lock)
{
    struct process *init = process_find_locked(1);
    struct process *child;
    list_for_each_entry (child, &process->children, sibling_node)
        child->parent = init;
    list_splice_back(&init->children, &process->children);
    waitq_wake_all(&init->child_changed);
}

/* Tells the parent. Returns whether it wants no zombie: it ignores SIGCHLD
 * [posix _exit]. */
static bool
report_locked(struct process *process) REQUIRES(process_lock)
{
    struct process *parent = process->parent;
    bool unwanted =
        process->exit_signal == SIGCHLD && signal_is_ignored(parent, SIGCHLD);
    if (unwanted)
        process_unlink_locked(process);
    if (process->exit_signal != 0)
        signal_send_locked(parent, process->exit_signal);
    waitq_wake_all(&parent->child_changed);
    return unwanted;
}

/* The process has its space until the memory is free: who looks for some
 * meanwhile sees that it is on the way. */
static void
release_space(struct process *process)
{
    struct space *space = process->space;
    space_leave(space);
    spin_lock(&process_lock);
    process->space = NULL;
    thread_current()->arch.space = NULL;
    process_let_parent_go_locked(process);
    spin_unlock(&process_lock);
    space_unref(space);
}

static bool
has_stopped(const struct process *process)
{
    return process->stop_signal && process->nstopped == process->nthreads;
}

void
process_report_stop_locked(struct process *process)
{
    if (!has_stopped(process))
        return;
    signal_send_locked(process->parent, SIGCHLD);
    waitq_wake_all(&process->parent->child_changed);
}

/* ---- Ends of threads ---- */

/* Makes all threads but the running one leave. */
static void
dismiss_others_locked(struct process *self) REQUIRES(process_lock)
{
    struct thread *t;
    list_for_each_entry (t, &self->threads, process_node) {
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
    spin_lock(&process_lock);
    bool stays = t->stay == THREAD_STAYS;
    if (stays) {
        self->survivor = t;
        dismiss_others_locked(self);
        while (self->nthreads > 1 && t->stay == THREAD_STAYS)
            waitq_sleep(&self->continued, &process_lock);
        self->survivor = NULL;
        stays = t->stay == THREAD_STAYS;
    }
    if (stays)
        process_make_leader_locked(t);
    spin_unlock(&process_lock);
    return stays ? 0 : -EINTR;
}

/* The rest of a process after its last thread's life. */
static NORETURN void
end_process(struct process *self)
{
    itimer_delete_all(self);
    process_hooks.release(self);
    release_space(self);

    spin_lock(&process_lock);
    hand_over_children_locked(self);
    process_remove_thread_locked(thread_current());
    self->state = PROCESS_ZOMBIE;
    signal_end_process_locked(self);
    bool gone = report_locked(self);
    spin_unlock(&process_lock);
    if (gone)
        process_put(self);
    thread_exit();
}

/* Returns whether the running thread, which leaves, is its process's last. If
 * not, nothing of the process is the thread's any more. */
static bool
part(struct process *self, struct thread *t)
{
    spin_lock(&process_lock);
    bool last = self->nthreads == 1;
    self->is_ending |= last;
    if (!last) {
        process_remove_thread_locked(t);
        t->arch.space = NULL;
        process_report_stop_locked(self);
        if (self->survivor)
            waitq_wake_all(&self->continued);
    }
    spin_unlock(&process_lock);
    return last;
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

void
process_exit(int status)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    if (!self->is_ending) {
        self->is_ending = true;
        self->exit_status = status;
        dismiss_others_locked(self);
    }
    spin_unlock(&process_lock);
    thread_leave();
}

void
thread_exit_user(int code)
{
    struct process *self = process_current();
    spin_lock(&process_lock);
    if (!self->is_ending && thread_current()->tid == self->pid)
        self->exit_status = code << 8;
    spin_unlock(&process_lock);
    thread_leave();
}

/* ---- Waiting ---- */

static bool
is_wanted(const struct process *child, int pid)
{
    if (pid > 0)
        return child->pid == pid;
    if (pid == -1)
        return true;
    return child->pgid == (pid == 0 ? child->parent->pgid : -pid);
}

/* Looks for a child that wait4 should return for, and with which status; if
 * there is none, *wanted says whether any could be later. */
static struct process *
find_news_locked(struct process *self, int pid, unsigned options, int *status,
                 bool *wanted)
{
    struct process *child;
    *wanted = false;
    list_for_each_entry (child, &self->children, sibling_node) {
        if (!is_wanted(child, pid))
            continue;
        *wanted = true;
        if (child->state == PROCESS_ZOMBIE)
            *status = child->exit_status;
        else if (options & WUNTRACED && has_stopped(child) &&
                 !child->stop_reported)
            *status = child->stop_signal << 8 | 0x7f;
        else if (options & WCONTINUED && child->has_continued)
            *status = 0xffff;
        else
            continue;
        return child;
    }
    return NULL;
}

int
process_wait(int pid, unsigned options, int *status, uint64_t *run_ns)
{
    struct process *self = process_current(), *child;
    bool wanted;
    int result = 0;
    if (pid == INT32_MIN)
        return -ESRCH; /* has no group of the opposite number */
    spin_lock(&process_lock);
    while (!(child = find_news_locked(self, pid, options, status, &wanted))) {
        if (!wanted)
            result = -ECHILD;
        else if (!(options & WNOHANG))
            result = waitq_sleep_until(&self->child_changed, &process_lock,
                                       WAIT_FOREVER);
        if (result != 0 || options & WNOHANG)
            break;
    }
    bool reaped = child && child->state == PROCESS_ZOMBIE;
    if (child) {
        result = child->pid;
        *run_ns = process_run_ns(child);
        child->stop_reported = true;
        child->has_continued = false;
    }
    if (reaped) {
        self->children_run_ns += *run_ns + child->children_run_ns;
        process_unlink_locked(child);
    }
    spin_unlock(&process_lock);
    if (reaped)
        process_put(child);
    return result;
}
