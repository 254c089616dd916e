#include "respawn.h"
#include "console.h"
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_DELAY 32

void
respawn_start(struct respawn *r)
{
    sleep(r->delay);
    clock_gettime(CLOCK_MONOTONIC, &r->started);
    r->pid = fork();
    if (r->pid == 0) {
        console_take();
        execve(r->path, r->argv, environ);
        err(127, "%s", r->path);
    }
    if (r->pid < 0) {
        warn("fork");
        r->pid = 0;
        r->delay = LONGEST_DELAY;
    }
}

/* A failure that would only repeat itself must not take the whole machine. */
static void
choose_delay(struct respawn *r)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - r->started.tv_sec > 1)
        r->delay = 0;
    else
        r->delay = r->delay ? r->delay * 2 : 1;
    if (r->delay > LONGEST_DELAY)
        r->delay = LONGEST_DELAY;
}

void
respawn_ended(struct respawn *r, pid_t pid, int status)
{
    if (pid != r->pid)
        return;
    if (WIFSIGNALED(status))
        warnx("%s: %s", r->path, strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        warnx("%s: ended with status %d", r->path, WEXITSTATUS(status));
    choose_delay(r);
    if (r->delay > 0)
        warnx("%s: starting again in %u s", r->path, r->delay);
    respawn_start(r);
}
