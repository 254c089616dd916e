/* What there may be to say of a child is a table: when, in which words, and
 * what is noted when it has been said. */
#include "abi/wait.h"
#include "proc/signal.h"
#include "proc/usage.h"

/* Whether the request is about this child. A child whose exit_signal is not
 * SIGCHLD is a clone: __WALL asks for all children, __WCLONE for clones only,
 * neither for all but clones. */
static bool
is_wanted(const struct process *child, const struct wait_request *what)
{
    bool is_clone = child->exit_signal != SIGCHLD;
    bool wants_clones = (what->options & __WCLONE) != 0;
    if (!(what->options & __WALL) && is_clone != wants_clones)
        return false;
    switch (what->which) {
    case P_PID:
        return child->pid == what->id;
    case P_PGID:
        return child->pgid == what->id;
    default:
        return true;
    }
}

/* ---- News ---- */

static bool
has_ended(const struct process *child) REQUIRES(process_lock)
{
    return child->state == PROCESS_ZOMBIE;
}

static int
say_ended(const struct process *child)
{
    return child->exit_status;
}

static bool
has_stopped(const struct process *child) REQUIRES(process_lock)
{
    return !has_ended(child) && process_has_stopped(child) &&
           !child->stop_reported;
}

static int
say_stopped(const struct process *child)
{
    return child->stop_signal << 8 | 0x7f;
}

static void
note_stopped(struct process *child)
{
    child->stop_reported = true;
}

static bool
goes_on(const struct process *child) REQUIRES(process_lock)
{
    return !has_ended(child) && child->has_continued;
}

static int
say_goes_on(const struct process *child UNUSED)
{
    return WAIT_CONTINUED;
}

static void
note_goes_on(struct process *child)
{
    child->has_continued = false;
}

/* Who has ended is reaped, which is more than a note. */
static const struct {
    unsigned option;
    bool (*is_so)(const struct process *child);
    int (*say)(const struct process *child);
    void (*note)(struct process *child); /* unless WNOWAIT */
} all_news[] = {
    {WEXITED, has_ended, say_ended, NULL},
    {WUNTRACED, has_stopped, say_stopped, note_stopped},
    {WCONTINUED, goes_on, say_goes_on, note_goes_on},
};

/* What wait4 would say of the child, in *status; false: nothing. */
static bool
take_news_locked(struct process *child, unsigned options, int *status)
    REQUIRES(process_lock)
{
    for (unsigned i = 0; i < ARRAY_LEN(all_news); i++) {
        if (!(options & all_news[i].option) || !all_news[i].is_so(child))
            continue;
        *status = all_news[i].say(child);
        if (all_news[i].note != NULL && !(options & WNOWAIT))
            all_news[i].note(child);
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

/* ---- Waiting ---- */

/* Sleeps until there is news. Returns the pid of the child, which is then in
 * *found, or what process_wait returns without any. */
static int
wait_locked(struct process *self, const struct wait_request *what, int *status,
            struct process **found) REQUIRES(process_lock)
{
    bool wanted;
    int error = 0;
    while ((*found = find_news_locked(self, what, status, &wanted)) == NULL) {
        if (error != 0)
            return error;
        if (!wanted)
            return -ECHILD;
        if (what->options & WNOHANG)
            return 0;
        /* News that comes with the signal is not lost, either. */
        error = waitq_sleep_until(&self->child_changed, &process_lock,
                                  WAIT_FOREVER);
    }
    return (*found)->pid;
}

static struct usage
usage_of_family(const struct process *child) REQUIRES(process_lock)
{
    struct usage sum = usage_of_process(child);
    usage_add(&sum, &child->used_by_children);
    return sum;
}

int
process_wait(const struct wait_request *what, struct wait_news *news)
{
    struct process *self = process_current(), *child, *reaped = NULL;
    spin_lock(&process_lock);
    int result = wait_locked(self, what, &news->status, &child);
    if (child != NULL) {
        news->uid = child->cred->uid.real;
        news->used = usage_of_family(child);
        if (has_ended(child) && !(what->options & WNOWAIT)) {
            usage_add(&self->used_by_children, &news->used);
            process_unlink_locked(child);
            reaped = child;
        }
    }
    spin_unlock(&process_lock);
    /* It takes the lock itself. */
    if (reaped != NULL)
        process_put(reaped);
    return result;
}
