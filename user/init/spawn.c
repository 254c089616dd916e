#include "spawn.h"
#include "child.h"
#include "listen.h"
#include "output.h"
#include "supervision.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int
open_output(struct service *s)
{
    switch (s->config->output) {
    case CONFIG_CONSOLE:
        return open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    case CONFIG_NULL:
        return open("/dev/null", O_WRONLY | O_CLOEXEC);
    default:
        return output_open(s);
    }
}

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* A pipe whose reading end is init's, and does not block. */
static int
open_pipe(int *read_fd, int *write_fd)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    *read_fd = fds[0];
    *write_fd = fds[1];
    return 0;
}

/* Forks; the child does not return. Signals wait until it handles them as a
 * program does: one that init's handlers took would be lost. */
static pid_t
start(const struct child *c)
{
    sigset_t all, before;
    pid_t pid;
    int error;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid = fork();
    if (pid == 0)
        child_run(c);
    error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid < 0 ? -error : pid;
}

static bool
needs_notify(const struct config *c)
{
    return c->type == CONFIG_NOTIFY || c->watchdog;
}

int
spawn_service(struct service *s, struct spawned *to)
{
    struct child c = {
        .config = s->config,
        .argv = s->config->exec.items,
        .output = -1,
        .notify = -1,
        .failure = -1,
    };
    int err = 0;

    if (s->config->sockets.count)
        c.sockets = &s->supervision->listen;
    to->failure_fd = to->notify_fd = -1;
    if (!s->config->console)
        err = c.output = open_output(s);
    if (err >= 0)
        err = listen_open(&s->supervision->listen, s->config);
    if (err >= 0)
        err = open_pipe(&to->failure_fd, &c.failure);
    if (err >= 0 && needs_notify(s->config))
        err = open_pipe(&to->notify_fd, &c.notify);
    if (err >= 0)
        err = to->pid = start(&c);
    close_if_open(c.output);
    close_if_open(c.failure);
    close_if_open(c.notify);
    if (err >= 0)
        return 0;
    close_if_open(to->failure_fd);
    close_if_open(to->notify_fd);
    return err;
}

int
spawn_check(struct service *s, pid_t *pid)
{
    struct child c = {
        .config = s->config,
        .argv = s->config->health.items,
        .is_check = true,
        .output = open_output(s),
        .notify = -1,
        .failure = -1,
    };

    *pid = start(&c);
    close_if_open(c.output);
    return *pid < 0 ? *pid : 0;
}

int
spawn_read_failure(int fd, struct spawn_failure *failure)
{
    ssize_t n = read(fd, failure, sizeof(*failure));

    if (n == sizeof(*failure))
        return 1;
    return n < 0 && errno == EAGAIN ? -EAGAIN : 0;
}
