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
#include <todo.h>
#include <unistd.h>

/* How long what is left may take to end when it is asked, and when it is
 * forced. */
#define PATIENCE (400 * 1000000ul)

static bool begun;
static enum shutdown_kind how;
static uint64_t since;

/* What is asked for first, counts. No service can be started from now on, and
 * none is wanted: the supervisor sees to the rest. The console gets a line,
 * "power off: WHY" or "reboot: WHY", whoever has it. */
void
shutdown_begin(enum shutdown_kind kind, const char *why)
{
    LAB_TODO(13);
}

bool
shutdown_has_begun(void)
{
    return begun;
}

/* Waits until no process is left but init; false if some are there still after
 * PATIENCE. One that has ended is there until it is waited for. Sleep in poll
 * between two looks, or nobody else gets to end. */
static bool
wait_for_the_rest(void)
{
    LAB_TODO(13);
}

/* Processes that belong to no service, such as what a shell left behind: they
 * are asked (SIGTERM), those that are stopped, too; and who does not heed it is
 * not asked twice. There is a limit to that, too: the machine goes off anyway,
 * with an error in the log. kill has a number that means all. */
static void
end_the_rest(void)
{
    LAB_TODO(13);
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

/* Nothing before it has begun, nothing while a service is up. Then the end of
 * the rest; the logs are closed (output_close), and init's own directory is /,
 * or its file system could not be taken off; finish. */
void
shutdown_turn(void)
{
    LAB_TODO(13);
}
