/* Children that use a hart all the time. */
#pragma once

#include "tap.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child that does nothing but use its hart, in the given way. */
static pid_t
start_hog(int nice_value, int policy)
{
    struct sched_param none = {0};
    pid_t pid = fork();
    check(pid >= 0);
    if (pid > 0)
        return pid;
    if (nice_value != 0)
        setpriority(PRIO_PROCESS, 0, nice_value);
    if (policy != SCHED_OTHER)
        sched_setscheduler(0, policy, &none);
    for (;;)
        ;
}

/* Ends a hog; returns the CPU time it had. */
static uint64_t
end_hog(pid_t pid)
{
    struct rusage used;
    int status;
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(wait4(pid, &status, 0, &used), pid);
    return ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) *
               1000000 +
           (uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec;
}

static void
sleep_ns(long ns)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    check_eq(nanosleep(&t, NULL), 0);
}
