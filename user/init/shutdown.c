#include "shutdown.h"
#include "depend.h"
#include "filesystems.h"
#include "log.h"
#include "loop.h"
#include "output.h"
#include "service.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long what is left may take to end when it is asked, and when it is
 * forced. */
#define PATIENCE (400 * 1000000ul)

static bool begun;
static enum shutdown_kind how;
static uint64_t since;

void
shutdown_begin(enum shutdown_kind kind, const char *why)
{
    if (begun)
        return;
    begun = true;
    how = kind;
    since = loop_now();
    log_set_console_taken(false);
    log_boot("%s: %s", kind == SHUTDOWN_REBOOT ? "reboot" : "power off", why);
    service_forbid_starts();
    service_stop_all(why);
}

bool
shutdown_has_begun(void)
{
    return begun;
}

/* Waits until no process is left but init; false if some are there still after
 * PATIENCE. */
static bool
wait_for_the_rest(void)
{
    uint64_t end = loop_now() + PATIENCE;

    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return true;
        if (pid >= 0 && loop_now() >= end)
            return false;
        if (pid == 0)
            poll(NULL, 0, 1); /* SIGCHLD ends it */
    }
}

/* Processes that belong to no service, such as what a shell left behind. */
static void
end_the_rest(void)
{
    kill(-1, SIGTERM);
    kill(-1, SIGCONT);
    if (wait_for_the_rest())
        return;
    kill(-1, SIGKILL);
    if (!wait_for_the_rest())
        log_error("some processes do not end, though killed");
}

static NORETURN void
finish(void)
{
    filesystems_stop();
    log_boot("down after %lu ms", (loop_now() - since) / 1000000);
    reboot(how == SHUTDOWN_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
    log_error("reboot: %s", strerror(errno));
    _exit(1); /* the kernel goes on with its recovery shell */
}

void
shutdown_start_anew(void)
{
    how = SHUTDOWN_REBOOT;
    since = loop_now();
    finish();
}

void
shutdown_turn(void)
{
    if (!begun)
        return;
    for (struct service *s = service_next(NULL); s; s = service_next(s))
        if (depend_is_up(s))
            return;
    end_the_rest();
    output_close();
    chdir("/");
    finish();
}
