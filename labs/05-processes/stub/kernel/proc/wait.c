#include "abi/wait.h"
#include "lib/todo.h"
#include "proc/signal.h"
#include "proc/usage.h"

/* Whether the request is about this child. A child whose exit_signal is not
 * SIGCHLD is a clone: __WALL asks for all children, __WCLONE for clones only,
 * neither for all but clones. Of these P_ALL, P_PID or P_PGID says which. */
static bool
is_wanted(const struct process *child, const struct wait_request *what)
{
    LAB_TODO(5);
}

/* What wait4 would say of the child, in *status; false: nothing.
 *
 * - It has ended: exit_status, if WEXITED is asked for.
 * - It has stopped (process_has_stopped), which was not yet reported:
 *   stop_signal << 8 | 0x7f, if WUNTRACED is.
 * - It goes on (has_continued): WAIT_CONTINUED, if WCONTINUED is.
 *
 * The last two are said once, unless WNOWAIT: then they can be said again. */
static bool
take_news_locked(struct process *child, unsigned options, int *status)
    REQUIRES(process_lock)
{
    LAB_TODO(5);
}

/* The first child with news. If there is none, *wanted says whether the request
 * is about any child at all. */
static struct process *
find_news_locked(struct process *self, const struct wait_request *what,
                 int *status, bool *wanted) REQUIRES(process_lock)
{
    LAB_TODO(5);
}

/* The parent of a child that is waited for counts what that has used, and what
 * its own children had (usage_add); then the child leaves the table. */
static void
reap_locked(struct process *self, struct process *child) REQUIRES(process_lock)
{
    LAB_TODO(5);
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
    LAB_TODO(5);
}
