/* What there can be to say about a child is a table: when it is so, which
 * option asks for it, how wait4 says it, and what is different once it was
 * said. */
#include "abi/wait.h"
#include "proc/signal.h"
#include "proc/usage.h"

/* ---- Whom it is about ---- */

/* A clone is a child that does not end with SIGCHLD. */
static bool
is_of_wanted_kind(const struct process *child, unsigned options)
{
    bool is_clone = child->exit_signal != SIGCHLD;
    bool wants_clones = options & __WCLONE;
    return options & __WALL || is_clone == wants_clones;
}

static bool
is_wanted(const struct process *child, const struct wait_request *what)
{
    if (!is_of_wanted_kind(child, what->options))
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

/* ---- What there is to say ---- */

static bool
has_ended(const struct process *child)
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
    return process_has_stopped(child) && !child->stop_reported;
}

static int
say_stopped(const struct process *child)
{
    return child->stop_signal << 8 | 0x7f;
}

static void
forget_stop(struct process *child)
{
    child->stop_reported = true;
}

static bool
has_continued(const struct process *child)
{
    return child->has_continued;
}

static int
say_continued(const struct process *child UNUSED)
{
    return WAIT_CONTINUED;
}

static void
forget_continuation(struct process *child)
{
    child->has_continued = false;
}

/* Of who has ended there is nothing else to say. */
static const struct event {
    unsigned option;
    bool of_the_dead;
    bool (*is_so)(const struct process *child);
    int (*status)(const struct process *child);
    void (*forget)(struct process *child); /* NULL: it stays so */
} events[] = {
    {WEXITED, true, has_ended, say_ended, NULL},
    {WUNTRACED, false, has_stopped, say_stopped, forget_stop},
    {WCONTINUED, false, has_continued, say_continued, forget_continuation},
};

static bool
is_news(const struct event *event, const struct process *child,
        unsigned options)
{
    return options & event->option && event->of_the_dead == has_ended(child) &&
           event->is_so(child);
}

/* What wait4 would say of the child, in *status; false: nothing. */
static bool
take_news_locked(struct process *child, unsigned options, int *status)
    REQUIRES(process_lock)
{
    for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
        const struct event *event = &events[i];
        if (!is_news(event, child, options))
            continue;
        *status = event->status(child);
        if (event->forget && !(options & WNOWAIT))
            event->forget(child);
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

/* What a child has used, and its own children. */
static struct usage
usage_of_family(const struct process *child) REQUIRES(process_lock)
{
    struct usage sum = usage_of_process(child);
    usage_add(&sum, &child->used_by_children);
    return sum;
}

static void
reap_locked(struct process *self, struct process *child) REQUIRES(process_lock)
{
    struct usage used = usage_of_family(child);
    usage_add(&self->used_by_children, &used);
    process_unlink_locked(child);
}

/* Why the caller is not to sleep: -ECHILD, or 0 with WNOHANG; else how the
 * sleep ended: -EINTR, or -EAGAIN, for it is to look again. */
static int
sleep_locked(struct process *self, unsigned options, bool wanted)
    REQUIRES(process_lock)
{
    if (!wanted)
        return -ECHILD;
    if (options & WNOHANG)
        return 0;
    int error =
        waitq_sleep_until(&self->child_changed, &process_lock, WAIT_FOREVER);
    return error ?: -EAGAIN;
}

/* Looks and sleeps until there is news, whose child then is *found, or there
 * is no point in it. */
static int
look_locked(struct process *self, const struct wait_request *what,
            struct wait_news *news, struct process **found)
    REQUIRES(process_lock)
{
    bool wanted;
    int error;
    do {
        *found = find_news_locked(self, what, &news->status, &wanted);
        error =
            *found ? (*found)->pid : sleep_locked(self, what->options, wanted);
    } while (error == -EAGAIN);
    return error;
}

/* Tells the news; returns whether the child is out of the table, with its last
 * reference. */
static bool
tell_locked(struct process *self, const struct wait_request *what,
            struct process *child, struct wait_news *news)
    REQUIRES(process_lock)
{
    news->uid = child->cred->uid.real;
    news->used = usage_of_family(child);
    if (!has_ended(child) || what->options & WNOWAIT)
        return false;
    reap_locked(self, child);
    return true;
}

int
process_wait(const struct wait_request *what, struct wait_news *news)
{
    struct process *self = process_current(), *child;
    spin_lock(&process_lock);
    int result = look_locked(self, what, news, &child);
    bool reaped = child && tell_locked(self, what, child, news);
    spin_unlock(&process_lock);
    if (reaped)
        process_put(child); /* it takes process_lock, and perhaps frees */
    return result;
}
