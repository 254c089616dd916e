/* init, the first process: keeps a login shell on the console and collects
 * the processes that nobody waits for. */
#include "console.h"
#include "respawn.h"
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

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
