#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "lib/panic.h"
#include "mm/space.h"
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
    bool unwanted = signal_is_ignored(parent, SIGCHLD);
    if (unwanted)
        process_unlink_locked(process);
    signal_send_locked(parent, SIGCHLD);
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
    spin_unlock(&process_lock);
    space_unref(space);
}

void
process_exit(int status)
{
    struct process *self = process_current();
    struct thread *t = thread_current();
    if (self->pid == 1)
        process_hooks.init_ended(status);
    spin_lock(&process_lock);
    self->is_ending = true;
    spin_unlock(&process_lock);
    process_hooks.release(self);
    release_space(self);

    spin_lock(&process_lock);
    hand_over_children_locked(self);
    self->dead_run_ns += sched_run_ns(t);
    signal_end_thread_locked(t);
    list_del(&t->process_node);
    self->exit_status = status;
    self->state = PROCESS_ZOMBIE;
    signal_end_process_locked(self);
    bool gone = report_locked(self);
    spin_unlock(&process_lock);
    if (gone)
        process_put(self);
    thread_exit();
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
        else if (options & WUNTRACED && child->stop_signal &&
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
