#include "supervise.h"
#include "depend.h"
#include "ended.h"
#include "log.h"
#include "pidfile.h"
#include "shutdown.h"
#include "spawn.h"
#include "state.h"
#include "supervision.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long what was killed may take to end before it is looked at again. */
#define KILL_PATIENCE CONFIG_SECOND

static void time_is_up(struct timer *t);
static void child_spoke(struct watch *w, short events);

struct supervision *
supervise_add(struct service *s)
{
    struct supervision *v = calloc(1, sizeof(*v));

    if (!v)
        return NULL;
    v->service = s;
    v->timer.fire = time_is_up;
    v->failure = (struct watch){.fd = -1, .events = POLLIN};
    v->failure.ready = child_spoke;
    v->notify.watch.fd = -1;
    return v;
}

void
supervise_forget(struct service *s)
{
    struct supervision *v = s->supervision;

    v->history = (struct restart_history){0};
    v->not_before = 0;
    if (!depend_is_up(s))
        loop_clear_timer(&v->timer);
}

/* ---- Up ---- */

void
supervise_ready(struct service *s)
{
    struct supervision *v = s->supervision;

    if (s->state != SERVICE_STARTING)
        return;
    loop_clear_timer(&v->timer);
    state_event(s, SERVICE_IS_READY, "after %lu ms",
                (loop_now() - s->started) / 1000000);
    supervise_beat(s);
    health_begin(&v->health);
}

void
supervise_beat(struct service *s)
{
    s->beat = loop_now();
    if (s->state == SERVICE_RUNNING && s->config->watchdog)
        loop_set_timer(&s->supervision->timer, s->beat + s->config->watchdog);
}

/* The first file of its devices that is not there, or NULL. */
static const char *
missing_device(const struct service *s)
{
    const struct config_list *devices = &s->config->devices;

    for (size_t i = 0; i < devices->count; i++)
        if (access(devices->items[i], F_OK) != 0)
            return devices->items[i];
    return NULL;
}

static void
launch(struct service *s)
{
    struct supervision *v = s->supervision;
    const char *missing = missing_device(s);
    struct spawned child;
    char text[80];
    int err;

    if (missing) {
        snprintf(text, sizeof(text), "there is no %s", missing);
        ended_for_good(s, SERVICE_NO_HARDWARE, text);
        return;
    }
    if (v->not_before)
        snprintf(text, sizeof(text), "restart %u", s->restarts);
    else
        snprintf(text, sizeof(text), "%s", s->reason);
    v->not_before = 0;
    s->blocked = false;
    state_event(s, SERVICE_LAUNCHED, "%s", text);
    pidfile_remove(s);
    if (s->config->console)
        log_set_console_taken(true);
    err = spawn_service(s, &child);
    if (err) {
        snprintf(text, sizeof(text), "no process: %s", strerror(-err));
        ended_decide(s, false, text);
        return;
    }
    s->pid = child.pid;
    v->failure.fd = child.failure_fd;
    loop_watch(&v->failure);
    if (child.notify_fd >= 0)
        notify_open(&v->notify, child.notify_fd);
    if (s->config->ready_timeout)
        loop_set_timer(&v->timer, s->started + s->config->ready_timeout);
}

/* The child has become the program, or says why not. */
static void
child_spoke(struct watch *w, short events)
{
    struct supervision *v = CONTAINER(w, struct supervision, failure);
    struct service *s = v->service;
    struct spawn_failure failure;
    char text[120];
    int said = spawn_read_failure(w->fd, &failure);

    (void)events;
    if (said < 0)
        return;
    loop_unwatch(w);
    close(w->fd);
    w->fd = -1;
    if (said == 0 && s->config->type == CONFIG_SIMPLE)
        supervise_ready(s);
    if (said != 1 || s->state == SERVICE_STOPPING)
        return;
    snprintf(text, sizeof(text), "cannot run: %s: %s", failure.what,
             strerror(failure.error));
    if (restart_may_help(failure.error))
        ended_decide(s, false, text);
    else
        ended_for_good(s, SERVICE_GAVE_UP, text);
}

void
supervise_hear(struct service *s)
{
    struct supervision *v = s->supervision;

    if (v->failure.fd >= 0)
        child_spoke(&v->failure, 0);
    notify_drain(&v->notify);
}

/* ---- Time ---- */

void
supervise_kill(struct service *s, const char *why)
{
    snprintf(s->supervision->blame, sizeof(s->supervision->blame), "%s", why);
    log_line("%s: %s: killed", s->config->name, why);
    if (s->pid) {
        kill(-s->pid, SIGKILL);
        kill(s->pid, SIGKILL);
    }
}

/* s was killed and has not ended: it is waited for, but the machine goes down
 * without it. */
static void
wait_for_killed(struct service *s)
{
    if (shutdown_has_begun())
        ended_decide(s, false, "does not end, though killed");
    else
        loop_set_timer(&s->supervision->timer, loop_now() + KILL_PATIENCE);
}

static void
time_is_up(struct timer *t)
{
    struct supervision *v = CONTAINER(t, struct supervision, timer);
    struct service *s = v->service;
    char why[80];

    if (s->state == SERVICE_STARTING)
        snprintf(why, sizeof(why), "not ready after %lu ms",
                 s->config->ready_timeout / 1000000);
    else if (s->state == SERVICE_RUNNING)
        snprintf(why, sizeof(why), "no heartbeat for %lu ms",
                 s->config->watchdog / 1000000);
    else if (s->state == SERVICE_STOPPING)
        snprintf(why, sizeof(why), "did not end within %lu ms",
                 s->config->stop_timeout / 1000000);
    else
        return; /* it may start again: the turn sees to it */
    if (s->state == SERVICE_STOPPING && *v->blame) {
        wait_for_killed(s);
        return;
    }
    supervise_kill(s, why);
    if (s->state == SERVICE_STOPPING)
        loop_set_timer(t, loop_now() + KILL_PATIENCE);
}

/* ---- Steps ---- */

static void
ask_to_end(struct service *s)
{
    char why[SERVICE_REASON_MAX];

    snprintf(why, sizeof(why), "%s", s->reason);
    state_event(s, SERVICE_STOP_SENT, "%s", why);
    health_end(&s->supervision->health);
    if (s->pid == 0) { /* a oneshot */
        ended_decide(s, true, why);
        return;
    }
    loop_set_timer(&s->supervision->timer,
                   loop_now() + s->config->stop_timeout);
    kill(s->pid, s->config->stop_signal);
    kill(s->pid, SIGCONT);
}

/* s is down and wanted: starts it if it may. */
static bool
step_up(struct service *s)
{
    const char *failed = depend_failed(s);

    if (failed && s->blocked)
        return false;
    if (failed) {
        s->blocked = true;
        state_event(s, SERVICE_GAVE_UP, "requires %s, which %s", failed,
                    service_find(failed) ? "is down" : "there is not");
        return true;
    }
    if (s->blocked) {
        s->blocked = false;
        state_event(s, SERVICE_RESET, "what it requires is back");
        return true;
    }
    if (s->state != SERVICE_STOPPED || depend_waits_for(s) ||
        loop_now() < s->supervision->not_before)
        return false;
    launch(s);
    return true;
}

/* Whether something was done for s. */
static bool
step(struct service *s)
{
    const char *failed;

    switch (s->state) {
    case SERVICE_STOPPING:
        return false;
    case SERVICE_STARTING:
    case SERVICE_RUNNING:
        failed = depend_failed(s);
        if (s->wanted && !failed)
            return false;
        if (s->wanted)
            state_note(s, "requires %s, which is down", failed);
        else if (depend_is_held(s))
            return false;
        ask_to_end(s);
        return true;
    default:
        if (s->again) {
            s->again = s->blocked = false;
            s->wanted = true;
            if (s->state != SERVICE_STOPPED)
                state_event(s, SERVICE_RESET, "restart");
        }
        return s->wanted && step_up(s);
    }
}

void
supervise_turn(void)
{
    bool stepped;

    do {
        stepped = false;
        for (struct service *s = service_next(NULL); s; s = service_next(s))
            stepped |= step(s);
    } while (stepped);
}
