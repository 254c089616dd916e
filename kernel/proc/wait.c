#include "abi/wait.h"
#include "proc/signal.h"
#include "proc/usage.h"

static bool
is_wanted(const struct process *child, const struct wait_request *what)
{
    /* A child that ends with another signal is a clone, and not waited for
     * unless it is asked for. */
    bool is_clone = child->exit_signal != SIGCHLD;
    if (!(what->options & __WALL) && is_clone != !!(what->options & __WCLONE))
        return false;
    return what->which == P_ALL ||
           (what->which == P_PID ? child->pid : child->pgid) == what->id;
}

/* What wait4 would say of child, if that has anything to say; and forgets it,
 * unless WNOWAIT. */
static bool
take_news_locked(struct process *child, unsigned options, int *status)
    REQUIRES(process_lock)
{
    bool keep = options & WNOWAIT;
    if (child->state == PROCESS_ZOMBIE) {
        *status = child->exit_status;
        return options & WEXITED;
    }
    if (options & WUNTRACED && process_has_stopped(child) &&
        !child->stop_reported) {
        *status = child->stop_signal << 8 | 0x7f;
        child->stop_reported = !keep;
        return true;
    }
    if (options & WCONTINUED && child->has_continued) {
        *status = WAIT_CONTINUED;
        child->has_continued = keep;
        return true;
    }
    return false;
}

/* Looks for a child that has news; if there is none, *wanted says whether any
 * could have some later. */
static struct process *
find_news_locked(struct process *self, const struct wait_request *what,
                 int *status, bool *wanted) REQUIRES(process_lock)
{
    *wanted = false;
    list_for_each (struct process, child, &self->children, sibling_node) {
        if (!is_wanted(child, what))
            continue;
        *wanted = true;
        if (take_news_locked(child, what->options, status))
            return child;
    }
    return NULL;
}

/* Takes the zombie out of the table; its parent has what it used. */
static void
reap_locked(struct process *self, struct process *child) REQUIRES(process_lock)
{
    usage_add(&self->used_by_children, &child->used);
    usage_add(&self->used_by_children, &child->used_by_children);
    process_unlink_locked(child);
}

int
process_wait(const struct wait_request *what, struct wait_news *news)
{
    struct process *self = process_current(), *child;
    bool wanted, reaped = false;
    int result = 0;
    spin_lock(&process_lock);
    while (!(child = find_news_locked(self, what, &news->status, &wanted))) {
        if (!wanted)
            result = -ECHILD;
        else if (!(what->options & WNOHANG))
            result = waitq_sleep_until(&self->child_changed, &process_lock,
                                       WAIT_FOREVER);
        if (result != 0 || what->options & WNOHANG)
            break;
    }
    if (child) {
        result = child->pid;
        news->uid = child->cred->uid.real;
        news->used = usage_of_process(child);
        usage_add(&news->used, &child->used_by_children);
        reaped = child->state == PROCESS_ZOMBIE && !(what->options & WNOWAIT);
        if (reaped)
            reap_locked(self, child);
    }
    spin_unlock(&process_lock);
    if (reaped)
        process_put(child);
    return result;
}
