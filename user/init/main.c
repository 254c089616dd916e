/* init, the first process: keeps a login shell on the console, or, if the
 * kernel was booted with `login`, asks there who it is; and collects the
 * processes that nobody waits for. */
#include "console.h"
#include "respawn.h"
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the kernel was booted with this word. */
static bool
is_booted_with(const char *word)
{
    char line[1024], *rest = line, *next;

    if (!prog_read_text("/proc/cmdline", line, sizeof(line)))
        return false;
    while ((next = strsep(&rest, " ")))
        if (strcmp(next, word) == 0)
            return true;
    return false;
}

static void
greet(void)
{
    struct utsname names;

    if (uname(&names) == 0)
        printf("init: %s %s on %s\n", names.sysname, names.release,
               names.machine);
    fflush(stdout);
}

int
main(void)
{
    static char *const shell[] = {(char *)"-sh", NULL};
    static char *const login[] = {(char *)"login", NULL};
    static struct respawn console_shell = {
        .path = "/bin/sh",
        .argv = shell,
    };

    console_open();
    if (getpid() != 1)
        warnx("not the first process, going on all the same");
    setenv("PATH", "/bin:/sbin", 0);
    setenv("HOME", "/root", 1); /* the kernel says /, as Linux does */
    setenv("TERM", "vt100", 0);
    greet();
    if (is_booted_with("login")) {
        console_shell.path = "/bin/login";
        console_shell.argv = login;
    }
    respawn_start(&console_shell);
    for (;;) {
        int status;
        pid_t pid = wait(&status);
        if (pid > 0)
            respawn_ended(&console_shell, pid, status);
        else if (errno == ECHILD)
            respawn_start(&console_shell);
    }
}
