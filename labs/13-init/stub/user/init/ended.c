#include "ended.h"
#include "depend.h"
#include "log.h"
#include "state.h"
#include "supervision.h"
#include <todo.h>
#include <unistd.h>

/* No process is left: closes what belonged to it. */
static void
clean_up(struct service *s)
{
    struct supervision *v = s->supervision;

    loop_clear_timer(&v->timer);
    health_end(&v->health);
    notify_close(&v->notify);
    if (v->failure.fd >= 0) {
        loop_unwatch(&v->failure);
        close(v->failure.fd);
        v->failure.fd = -1;
    }
    v->blame[0] = '\0';
    s->pid = 0;
    s->status_text[0] = '\0';
    if (s->config->console)
        log_set_console_taken(false);
}

/* A line in the log, "NAME: OTHER, which it requires, is down", for each
 * service that is up and requires s. They go on running: s comes back. */
static void
tell_dependants(const struct service *s)
{
    LAB_TODO(13);
}

/* s has ended by itself and is to be started again: restart_delay says when,
 * counted from now, until when s is not to start (not_before); a timer
 * makes the loop look again then. If it says never, s is no longer wanted and
 * gives up; the reason then says after how many restarts. True if it starts
 * again: one restart more. */
static bool
try_again(struct service *s, const char *reason)
{
    LAB_TODO(13);
}

/* First what belonged to the process is cleaned up. Then there are three cases:
 * s was asked to end, or is not wanted any more; its policy starts it again,
 * and who requires it is told; or it stays down, not wanted any more, and
 * whether that is an end or a failure, `clean` says. At last: a service of the
 * console that failed and waits for its restart says so there (log_error). */
void
ended_decide(struct service *s, bool clean, const char *reason)
{
    LAB_TODO(13);
}

void
ended_for_good(struct service *s, enum service_event event, const char *reason)
{
    clean_up(s);
    s->wanted = false;
    state_event(s, event, "%s", reason);
}
