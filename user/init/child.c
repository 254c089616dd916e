#include "child.h"
#include "allow.h"
#include "console.h"
#include "isolate.h"
#include "spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors that services are handed start here. */
#define FIRST_FD 3
/* Above all numbers that are handed out. */
#define BESIDE 64

static int failure_fd;

void
child_fail(const char *format, ...)
{
    struct spawn_failure failure = {.error = errno};
    va_list args;

    va_start(args, format);
    vsnprintf(failure.what, sizeof(failure.what), format, args);
    va_end(args);
    if (failure_fd >= 0)
        (void)!write(failure_fd, &failure, sizeof(failure));
    _exit(127);
}

static void
reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int i = 1; i <= NSIG; i++)
        sigaction(i, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves a descriptor out of the way of those that will be handed out. */
static int
move_away(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, BESIDE);

    if (fd >= 0 && moved < 0)
        child_fail("descriptors");
    return moved;
}

static void
set_number(const char *name, long number)
{
    char text[24];

    snprintf(text, sizeof(text), "%ld", number);
    setenv(name, text, 1);
}

static void
open_standard(const struct child *c)
{
    if (c->config->console && !c->is_check) {
        console_take();
        return;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out = c->output >= 0 ? c->output : null;
    if (null < 0)
        child_fail("/dev/null");
    if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        child_fail("descriptors");
}

/* Puts the sockets at 3 and following, and behind them the descriptor to
 * notify init by; all else of init's closes with exec. */
static void
hand_out(const struct child *c)
{
    int sockets[CONFIG_SOCKETS], notify = move_away(c->notify);
    size_t count = c->sockets ? c->sockets->count : 0;
    int next = FIRST_FD;

    failure_fd = move_away(c->failure);
    for (size_t i = 0; i < count; i++)
        sockets[i] = move_away(c->sockets->fds[i]);
    open_standard(c);
    for (size_t i = 0; i < count; i++)
        if (dup2(sockets[i], next++) < 0)
            child_fail("descriptors");
    if (count) {
        set_number("LISTEN_FDS", (long)count);
        set_number("LISTEN_PID", getpid());
        setenv("LISTEN_FDNAMES", c->sockets->names, 1);
    }
    if (notify >= 0) {
        if (dup2(notify, next) < 0)
            child_fail("descriptors");
        set_number("NOTIFY_FD", next);
    }
    if (c->config->watchdog && !c->is_check)
        set_number("WATCHDOG_USEC", (long)(c->config->watchdog / 1000));
}

/* A fresh environment: nothing that init was given reaches a service. */
static void
set_environment(const struct config *c)
{
    static char *none[] = {NULL};
    char *term = getenv("TERM");

    term = strdup(term ? term : "vt100");
    environ = none;
    setenv("PATH", "/bin:/sbin", 1);
    setenv("HOME", "/root", 1);
    if (c->console && term)
        setenv("TERM", term, 1);
    free(term);
}

static void
add_environment(const struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *equals = strchr(list->items[i], '=');
        *equals = '\0';
        setenv(list->items[i], equals + 1, 1);
    }
}

void
child_run(const struct child *c)
{
    const struct config *config = c->config;
    char **argv = (char **)c->argv;
    const char *path = argv[0];
    const char *directory = config->directory ? config->directory : "/";

    failure_fd = c->failure;
    setsid();
    reset_signals();
    set_environment(config);
    hand_out(c);
    umask(config->umask);
    isolate(config, path);
    add_environment(&config->environment);
    if (chdir(directory) != 0)
        child_fail("directory %s", directory);
    if (config->argv0 && !c->is_check)
        argv[0] = config->argv0;
    /* Who may not even write could not tell that there is no program. */
    if (access(path, X_OK) != 0)
        child_fail("%s", path);
    if (config->syscalls.count && allow_only(&config->syscalls) != 0)
        child_fail("system calls");
    execve(path, argv, environ);
    child_fail("%s", path);
}
