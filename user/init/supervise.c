#include "supervise.h"
#include "depend.h"
#include "log.h"
#include "spawn.h"
#include "state.h"
#include "supervision.h"
#include <errno.h>
#include <poll.h>
#include <prog.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How many processes are reaped before others get their turn. */
#define REAP_AT_ONCE 256

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

/* ---- Down ---- */

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

/* s, which was up, has no process any more. clean: as it should. */
static void
went_down(struct service *s, bool clean, const char *reason)
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

/* What it is for is not there, or its program is not: another try would not
 * help. */
static void
stays_down(struct service *s, enum service_event event, const char *reason)
{
    clean_up(s);
    s->wanted = false;
    state_event(s, event, "%s", reason);
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
        stays_down(s, SERVICE_NO_HARDWARE, text);
        return;
    }
    snprintf(text, sizeof(text), "%s", s->reason);
    s->blocked = false;
    state_event(s, SERVICE_LAUNCHED, "%s", text);
    if (s->config->console)
        log_set_console_taken(true);
    err = spawn_service(s, &child);
    if (err) {
        snprintf(text, sizeof(text), "no process: %s", strerror(-err));
        went_down(s, false, text);
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
    stays_down(s, SERVICE_GAVE_UP, text);
}

/* ---- Ended ---- */

static void
describe_end(const struct service *s, int status, char *to, size_t size)
{
    const char *blame = s->supervision->blame;
    const char *name;

    if (*blame) {
        snprintf(to, size, "%s", blame);
    } else if (WIFSIGNALED(status)) {
        name = signal_name(WTERMSIG(status));
        snprintf(to, size, "killed by signal %d (SIG%s)", WTERMSIG(status),
                 name ? name : "?");
    } else {
        snprintf(to, size, "ended with status %d", WEXITSTATUS(status));
    }
}

/* The process of a forking service, which its pidfile names; 0: none. */
static pid_t
read_pidfile(const struct service *s)
{
    char text[24] = "", path[24];
    char *end;
    long pid;

    if (!prog_read_text(s->config->pidfile, text, sizeof(text)))
        return 0;
    pid = strtol(text, &end, 10);
    snprintf(path, sizeof(path), "/proc/%ld", pid);
    return pid > 1 && *end == '\0' && access(path, F_OK) == 0 ? (pid_t)pid : 0;
}

/* The first process of a service that starts has ended well. Whether that was
 * all there was to it. */
static bool
came_up(struct service *s)
{
    if (s->config->type == CONFIG_ONESHOT) {
        s->pid = 0;
        supervise_ready(s);
        return true;
    }
    if (s->config->type != CONFIG_FORKING)
        return false;
    s->pid = read_pidfile(s);
    if (s->pid)
        supervise_ready(s);
    return s->pid != 0;
}

static void
service_ended(struct service *s, int status)
{
    struct supervision *v = s->supervision;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char text[120];

    /* What it said last comes before its end. */
    if (v->failure.fd >= 0)
        child_spoke(&v->failure, 0);
    notify_close(&v->notify);
    s->exit_status = status;
    if (!depend_is_up(s))
        return;
    /* What is left of it must not go on without it. */
    if (!(s->state == SERVICE_STARTING && clean))
        kill(-s->pid, SIGKILL);
    describe_end(s, status, text, sizeof(text));
    if (s->state == SERVICE_STARTING && clean && came_up(s))
        return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SERVICE_EXIT_NO_DEVICE &&
        s->state != SERVICE_STOPPING)
        stays_down(s, SERVICE_NO_HARDWARE,
                   *s->status_text ? s->status_text : text);
    else
        went_down(s, clean && s->state == SERVICE_RUNNING, text);
}

static void
process_ended(pid_t pid, int status)
{
    for (struct service *s = service_next(NULL); s; s = service_next(s)) {
        if (s->pid == pid)
            service_ended(s, status);
        else if (!health_ended(&s->supervision->health, pid, status))
            continue;
        return;
    }
}

/* Takes in processes that have ended: services, and all that were left to init
 * by parents that ended before. */
static void
reap(int number)
{
    int status;
    pid_t pid;

    for (int i = 0; i < REAP_AT_ONCE; i++) {
        pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return;
        process_ended(pid, status);
    }
    raise(number); /* there may be more: after the others' turn */
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
    supervise_kill(s, why);
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
        went_down(s, true, why);
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
    if (depend_waits_for(s) || loop_now() < s->supervision->not_before)
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
            s->again = false;
            s->wanted = true;
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

void
supervise_start(void)
{
    loop_on_signal(SIGCHLD, reap);
}
