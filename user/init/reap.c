#include "reap.h"
#include "depend.h"
#include "ended.h"
#include "log.h"
#include "pidfile.h"
#include "supervise.h"
#include "supervision.h"
#include <prog.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* How many processes are reaped before others get their turn. */
#define REAP_AT_ONCE 256

static void
describe_end(const struct service *s, int status, char *to, size_t size)
{
    const char *blame = s->supervision->blame;
    const char *name;

    if (*blame) {
        snprintf(to, size, "%s", blame);
    } else if (WTERMSIG(status) == SIGSYS) {
        snprintf(to, size, "made a system call that it may not make");
    } else if (WIFSIGNALED(status)) {
        name = signal_name(WTERMSIG(status));
        snprintf(to, size, "killed by signal %d (SIG%s)", WTERMSIG(status),
                 name ? name : "?");
    } else {
        snprintf(to, size, "ended with status %d", WEXITSTATUS(status));
    }
}

/* The first process of a service that starts has ended well. Whether that was
 * all there was to it. */
static bool
came_up(struct service *s)
{
    if (s->config->type == CONFIG_ONESHOT) {
        s->pid = 0;
        if (s->config->console)
            log_set_console_taken(false);
        supervise_ready(s);
        return true;
    }
    if (s->config->type != CONFIG_FORKING)
        return false;
    s->pid = pidfile_read(s);
    if (s->pid)
        supervise_ready(s);
    return s->pid != 0;
}

/* What it said last tells best what is missing. */
static void
no_device(struct service *s, const char *end)
{
    char text[SERVICE_REASON_MAX];

    snprintf(text, sizeof(text), "%s", *s->status_text ? s->status_text : end);
    ended_for_good(s, SERVICE_NO_HARDWARE, text);
}

/* Whether an end says that there is no device. What has the console ends as who
 * types there likes, which says nothing of devices. */
static bool
lacks_device(const struct service *s, int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == SERVICE_EXIT_NO_DEVICE &&
           s->state != SERVICE_STOPPING && !s->config->console;
}

static void
service_ended(struct service *s, int status)
{
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char text[120];

    /* What it said last comes before its end. */
    supervise_hear(s);
    s->exit_status = status;
    if (!depend_is_up(s))
        return;
    pid_t group = s->pid;
    describe_end(s, status, text, sizeof(text));
    if (s->state == SERVICE_STARTING && clean && came_up(s))
        return;
    /* What is left of it must not go on without it. */
    kill(-group, SIGKILL);
    if (lacks_device(s, status))
        no_device(s, text);
    else
        ended_decide(s, clean && s->state == SERVICE_RUNNING, text);
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

void
reap_start(void)
{
    loop_on_signal(SIGCHLD, reap);
}
