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
#include <todo.h>

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

/* s's process has ended. What it said before comes first (supervise_hear), its
 * status is kept, and if s was not up that is all. Then why it ended
 * (describe_end): one that starts and ends well may have come up by that. Else
 * what is left of its process group must not go on without it, and it lacks its
 * device, or its end is decided on: only who was running and ends with 0
 * ends well. */
static void
service_ended(struct service *s, int status)
{
    LAB_TODO(13);
}

/* Whose process was it? A service's, a health check's, or that of somebody who
 * has ended before and left it to init; of these nothing is to be known. */
static void
process_ended(pid_t pid, int status)
{
    LAB_TODO(13);
}

/* Takes in processes that have ended, without waiting for any. Signals are not
 * counted: one may stand for many. But after REAP_AT_ONCE others get
 * their turn; how does the rest get its own? */
static void
reap(int number)
{
    LAB_TODO(13);
}

void
reap_start(void)
{
    loop_on_signal(SIGCHLD, reap);
}
