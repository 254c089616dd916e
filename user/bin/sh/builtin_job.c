#include "builtin_list.h"
#include "jobs.h"
#include "shell.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
builtin_jobs(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    jobs_print();
    return 0;
}

static int
go_on(char **argv, bool foreground)
{
    struct job *job = jobs_find(argv[1]);

    if (!job) {
        shell_error(1, "%s: no such job", argv[0]);
        return 1;
    }
    return jobs_continue(job, foreground);
}

int
builtin_fg(int argc, char **argv)
{
    (void)argc;
    return go_on(argv, true);
}

int
builtin_bg(int argc, char **argv)
{
    (void)argc;
    return go_on(argv, false);
}

int
builtin_wait(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return jobs_wait_all();
    for (int i = 1; i < argc; i++) {
        struct job *job = argv[i][0] == '%' ? jobs_find(argv[i]) : NULL;
        pid_t pid = job ? abs(jobs_group(job)) : atoi(argv[i]);
        status = jobs_wait_pid(pid);
    }
    return status;
}

static void
list_signals(void)
{
    for (int i = 1; signal_name(i); i++)
        printf("%2d %s\n", i, signal_name(i));
}

int
builtin_kill(int argc, char **argv)
{
    int number = SIGTERM, first = 1, status = 0;

    if (argc > 1 && strcmp(argv[1], "-l") == 0) {
        list_signals();
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        number = signal_number(argv[2]);
        first = 3;
    } else if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '-') {
        number = signal_number(argv[1] + 1);
        first = 2;
    }
    if (argc <= first || number < 0) {
        shell_error(2, "usage: kill [-SIGNAL] PID|%%N...");
        return 2;
    }
    for (int i = first; i < argc; i++) {
        struct job *job = argv[i][0] == '%' ? jobs_find(argv[i]) : NULL;
        char *end = argv[i];
        pid_t pid = job ? jobs_group(job) : (pid_t)strtol(argv[i], &end, 10);
        if (!job && (end == argv[i] || *end))
            errno = ESRCH;
        else if (kill(pid, number) == 0)
            continue;
        shell_error(1, "kill: %s: %s", argv[i], strerror(errno));
        status = 1;
    }
    return status;
}
