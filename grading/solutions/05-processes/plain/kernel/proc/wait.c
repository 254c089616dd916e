/* One loop: look, and sleep if there was nothing. */
#include "abi/wait.h"
#include "proc/signal.h"
#include "proc/usage.h"

/* Whether the request is about this child. A child whose exit_signal is not
 * SIGCHLD is a clone: __WALL asks for all children, __WCLONE for clones only,
 * neither for all but clones. Of these P_ALL, P_PID or P_PGID says which. */
static bool
is_wanted(const struct process *child, const struct wait_request *what)
{
    bool is_clone = child->exit_signal != SIGCHLD;
    bool wants_clones = what->options & __WCLONE;
    if (!(what->options & __WALL) && is_clone != wants_clones)
        return false;
    return what->which == P_ALL ||
           (what->which == P_PID ? child->pid : child->pgid) == what->id;
}

/* What wait4 would say of the child, in *status; false: nothing.
 *
 *   it has ended       exit_status        if WEXITED is asked for
 *   it has stopped     stop_signal << 8 | 0x7f   WUNTRACED;
 * process_has_stopped, and not yet reported it goes on         WAIT_CONTINUED
 * WCONTINUED; has_continued
 *
 * The last two are said once, unless WNOWAIT: then they can be said again. */
static bool
take_news_locked(struct process *child, unsigned options, int *status)
    REQUIRES(process_lock)
{
    bool again = options & WNOWAIT;
    if (child->state == PROCESS_ZOMBIE) {
        *status = child->exit_status;
        return options & WEXITED;
    }
    if (options & WUNTRACED && process_has_stopped(child) &&
        !child->stop_reported) {
        *status = child->stop_signal << 8 | 0x7f;
        child->stop_reported = !again;
        return true;
    }
    if (options & WCONTINUED && child->has_continued) {
        *status = WAIT_CONTINUED;
        child->has_continued = again;
        return true;
    }
    return false;
}

/* The first child with news. If there is none, *wanted says whether the request
 * is about any child at all. */
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

/* The parent of a child that is waited for counts what that has used, and what
 * its own children had (usage_add); then the child leaves the table. */
static void
reap_locked(struct process *self, struct process *child) REQUIRES(process_lock)
{
    usage_add(&self->used_by_children, &child->used);
    usage_add(&self->used_by_children, &child->used_by_children);
    process_unlink_locked(child);
}

/* Looks and sleeps (in child_changed, until a signal comes) until there is
 * news, or nothing to wait for, or WNOHANG: kernel/proc/process.h has the
 * results. Asleep, nobody may hold process_lock; between the look and the sleep
 * nobody may slip in: kernel/proc/waitq.h has the pattern.
 *
 * The news has the child's status, its user (the real one), and what it and
 * its children have used. Who has ended is reaped, unless WNOWAIT, and its last
 * reference dropped: where is that not allowed? */
int
process_wait(const struct wait_request *what, struct wait_news *news)
{
    struct process *self = process_current(), *child;
    bool wanted;
    spin_lock(&process_lock);
    while ((child = find_news_locked(self, what, &news->status, &wanted)) ==
           NULL) {
        int error = !wanted ? -ECHILD : 0;
        if (wanted && !(what->options & WNOHANG)) {
            error = waitq_sleep_until(&self->child_changed, &process_lock,
                                      WAIT_FOREVER);
            if (error == 0)
                continue;
        }
        spin_unlock(&process_lock);
        return error;
    }
    int pid = child->pid;
    bool ended = child->state == PROCESS_ZOMBIE && !(what->options & WNOWAIT);
    news->uid = child->cred->uid.real;
    news->used = usage_of_process(child);
    usage_add(&news->used, &child->used_by_children);
    if (ended)
        reap_locked(self, child);
    spin_unlock(&process_lock);
    if (ended)
        process_put(child);
    return pid;
}
