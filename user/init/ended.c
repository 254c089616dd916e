#include "ended.h"
#include "depend.h"
#include "log.h"
#include "state.h"
#include "supervision.h"
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

static void
tell_dependants(const struct service *s)
{
    for (struct service *t = service_next(NULL); t; t = service_next(t))
        if (depend_is_up(t) &&
            config_lists(&t->config->requires, s->config->name))
            log_line("%s: %s, which it requires, is down", t->config->name,
                     s->config->name);
}

/* s has ended by itself and is to be started again, if its policy allows. */
static bool
try_again(struct service *s, const char *reason)
{
    struct supervision *v = s->supervision;
    uint64_t delay = restart_delay(&v->history, s->config, loop_now());

    if (delay == RESTART_NEVER) {
        s->wanted = false;
        state_event(s, SERVICE_GAVE_UP, "%s, after %u restarts in %lu s",
                    reason, s->config->restart_limit,
                    s->config->restart_window / CONFIG_SECOND);
        return false;
    }
    s->restarts++;
    v->not_before = loop_now() + delay;
    state_event(s, SERVICE_ENDED, "%s; starting again in %lu ms", reason,
                delay / 1000000);
    loop_set_timer(&v->timer, v->not_before);
    return true;
}

void
ended_decide(struct service *s, bool clean, const char *reason)
{
    bool asked = s->state == SERVICE_STOPPING || !s->wanted;

    clean_up(s);
    if (asked) {
        state_event(s, SERVICE_ENDED, "%s", reason);
    } else if (restart_is_due(s->config, clean)) {
        if (try_again(s, reason))
            tell_dependants(s);
    } else {
        s->wanted = false;
        state_event(s, clean ? SERVICE_ENDED : SERVICE_GAVE_UP, "%s", reason);
    }
    if (s->config->console && !clean && !asked && s->state == SERVICE_STOPPED)
        log_error("%s: %s", s->config->name, s->reason);
}

void
ended_for_good(struct service *s, enum service_event event, const char *reason)
{
    clean_up(s);
    s->wanted = false;
    state_event(s, event, "%s", reason);
}
