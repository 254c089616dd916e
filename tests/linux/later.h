/* Tests of waiting: what ends a wait is done by a child, once the parent is
 * asleep, as /proc says. No test depends on how long anything takes. */
#pragma once

#include "tap.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns once process pid sleeps. */
static inline void
wait_until_asleep(pid_t pid)
{
    char path[40], text[256], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    while (state != 'S') {
        FILE *f = fopen(path, "r");
        if (!f || !fgets(text, sizeof text, f))
            exit(9);
        fclose(f);
        state = strrchr(text, ')')[2];
        sched_yield();
    }
}

/* Makes a child that acts once this process sleeps. */
static inline pid_t
later(void (*act)(void *arg), void *arg)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        wait_until_asleep(parent);
        act(arg);
        _exit(0);
    }
    return pid;
}

/* Its status. */
static inline int
reap(pid_t pid)
{
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}
