#include "health.h"
#include "log.h"
#include "spawn.h"
#include "supervise.h"
#include "supervision.h"
#include <signal.h>
#include <sys/wait.h>

#define MOST_FAILURES 3

static struct service *
service_of(struct health *h)
{
    return CONTAINER(h, struct supervision, health)->service;
}

static void
judge(struct health *h, bool well)
{
    struct service *s = service_of(h);

    if (s->health != well)
        log_line("%s: is %s", s->config->name, well ? "well" : "not well");
    s->health = well;
    h->failures = well ? 0 : h->failures + 1;
    loop_set_timer(&h->timer, loop_now() + s->config->health_period);
    if (h->failures >= MOST_FAILURES)
        supervise_kill(s, "failed three health checks");
}

/* Whoever reaps it need not know. Until it has its own group it is alone. */
static void
kill_check(struct health *h)
{
    if (h->pid) {
        kill(-h->pid, SIGKILL);
        kill(h->pid, SIGKILL);
    }
    h->pid = 0;
}

/* A check is due, or one takes too long. */
static void
fire(struct timer *t)
{
    struct health *h = CONTAINER(t, struct health, timer);
    struct service *s = service_of(h);

    if (h->pid) {
        kill_check(h);
        judge(h, false);
        return;
    }
    if (spawn_check(s, &h->pid) != 0) {
        h->pid = 0; /* no fault of the service's */
        loop_set_timer(t, loop_now() + s->config->health_period);
        return;
    }
    loop_set_timer(t, loop_now() + s->config->health_timeout);
}

void
health_begin(struct health *h)
{
    struct service *s = service_of(h);

    h->failures = 0;
    s->health = -1;
    h->timer.fire = fire;
    if (s->config->health.count)
        loop_set_timer(&h->timer, loop_now() + s->config->health_period);
}

void
health_end(struct health *h)
{
    loop_clear_timer(&h->timer);
    kill_check(h);
    service_of(h)->health = -1;
}

bool
health_ended(struct health *h, pid_t pid, int status)
{
    if (!h->pid || pid != h->pid)
        return false;
    h->pid = 0;
    judge(h, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return true;
}
