/* What tests of users share: checks made in a child, which gives up what it
 * is. */
#pragma once

#include "../lib/tap.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool failed;

/* In a child, a check that fails must be seen by the parent. */
#define expect(condition)                                                    \
    do {                                                                     \
        if (!(condition)) {                                                  \
            tap_fail(__FILE__, __LINE__, "%s, errno %d", #condition, errno); \
            failed = true;                                                   \
        }                                                                    \
    } while (0)

/* Runs body in a child, which may give up what it is. */
static void
in_child(void (*body)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(failed);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}
