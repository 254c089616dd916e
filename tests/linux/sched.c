/* Nice values, policies, and which harts a thread may use. */
#include "hog.h"

static void
yield_lets_others_run(void)
{
    int pipes[2];
    char byte = 0;
    check_eq(pipe(pipes), 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        _exit(write(pipes[1], "x", 1) == 1 ? 0 : 1);
    for (;;) {
        siginfo_t info = {0};
        check_eq(sched_yield(), 0);
        check_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG), 0);
        if (info.si_pid == pid)
            break;
    }
    check_eq(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    close(pipes[1]);
}

static void
nice_values_are_kept_in_bounds(void)
{
    pid_t pid = fork();
    int status;
    check(pid >= 0);
    if (pid == 0) {
        bool ok = getpriority(PRIO_PROCESS, 0) == 0 &&
                  setpriority(PRIO_PROCESS, 0, 100) == 0 &&
                  getpriority(PRIO_PROCESS, getpid()) == 19 &&
                  setpriority(PRIO_PROCESS, 0, -100) == 0 &&
                  getpriority(PRIO_PROCESS, 0) == -20 && nice(30) == 10;
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(getpriority(PRIO_PROCESS, 0));
        ok = ok && waitpid(grandchild, &status, 0) == grandchild &&
             WEXITSTATUS(status) == 10;
        _exit(ok ? 0 : 1);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    errno = 0;
    check_eq(getpriority(PRIO_PROCESS, 0), 0);
    check_eq(setpriority(3, 0, 0), -1);
    check_eq(errno, EINVAL);
    check_eq(getpriority(PRIO_PROCESS, 1 << 22), -1);
    check_eq(errno, ESRCH);
    check_eq(getpriority(PRIO_PGRP, 1 << 22), -1);
    check_eq(errno, ESRCH);
    check_eq(getpriority(PRIO_USER, 54321), -1);
    check_eq(errno, ESRCH);
}

static void
groups_have_nice_values(void)
{
    pid_t pid = fork();
    int status;
    check(pid >= 0);
    if (pid == 0) {
        int pipes[2];
        char byte;
        if (setpgid(0, 0) != 0 || pipe(pipes) != 0)
            _exit(1);
        pid_t other = fork();
        if (other == 0) {
            close(pipes[1]);
            while (read(pipes[0], &byte, 1) > 0)
                ;
            _exit(getpriority(PRIO_PROCESS, 0));
        }
        if (setpriority(PRIO_PGRP, 0, 4) != 0 ||
            setpriority(PRIO_PROCESS, 0, 9) != 0 ||
            getpriority(PRIO_PGRP, getpgrp()) != 4)
            _exit(2);
        close(pipes[0]);
        close(pipes[1]);
        if (waitpid(other, &status, 0) != other)
            _exit(3);
        _exit(WEXITSTATUS(status) == 4 ? 0 : 4);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
users_may_only_be_nicer(void)
{
    pid_t pid = fork();
    int status;
    check(pid >= 0);
    if (pid == 0) {
        struct sched_param none = {0};
        int bad = 0;
        if (setpriority(PRIO_PROCESS, 0, 3) != 0 || setuid(1234) != 0)
            _exit(1);
        bad |= setpriority(PRIO_PROCESS, 0, 5) != 0;
        bad |= setpriority(PRIO_PROCESS, 0, 4) != -1 || errno != EACCES;
        bad |= setpriority(PRIO_PROCESS, 1, 19) != -1 || errno != EPERM;
        bad |=
            sched_setscheduler(1, SCHED_BATCH, &none) != -1 || errno != EPERM;
        bad |= getpriority(PRIO_USER, 1234) != 5;
        _exit(bad ? 2 : 0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
policies_are_known(void)
{
    struct sched_param param = {.sched_priority = 7};
    struct timespec slice;
    check_eq(sched_getscheduler(0), SCHED_OTHER);
    check_eq(sched_getparam(0, &param), 0);
    check_eq(param.sched_priority, 0);
    check_eq(sched_setscheduler(0, SCHED_BATCH, &param), 0);
    check_eq(sched_getscheduler(getpid()), SCHED_BATCH);
    check_eq(sched_setparam(0, &param), 0);
    check_eq(sched_getscheduler(0), SCHED_BATCH);
    check_eq(sched_setscheduler(0, SCHED_OTHER, &param), 0);
    check_eq(sched_get_priority_max(SCHED_OTHER), 0);
    check_eq(sched_get_priority_min(SCHED_IDLE), 0);
    check_eq(sched_rr_get_interval(0, &slice), 0);
    check(slice.tv_sec == 0 && slice.tv_nsec > 0);
    param.sched_priority = 1;
    check_eq(sched_setparam(0, &param), -1);
    check_eq(errno, EINVAL);
    check_eq(sched_setscheduler(0, 77, &param), -1);
    check_eq(errno, EINVAL);
    check_eq(sched_getscheduler(1 << 22), -1);
    check_eq(errno, ESRCH);
    check_eq(sched_getscheduler(-1), -1);
    check_eq(errno, EINVAL);
    check_eq(sched_get_priority_max(77), -1);
    check_eq(errno, EINVAL);
    check_eq(syscall(SYS_sched_getparam, 0, NULL), -1);
    check_eq(errno, EFAULT);
}

/* ---- Harts ---- */

static void
threads_stay_on_their_harts(void)
{
    cpu_set_t all, one;
    check_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    int harts = CPU_COUNT(&all);
    check(harts >= 1);
    pid_t hogs[3];
    for (int i = 0; i < 3; i++)
        hogs[i] = start_hog(0, SCHED_OTHER);
    for (int round = 0; round < 20; round++) {
        int hart = (round * 7 + 1) % harts;
        CPU_ZERO(&one);
        CPU_SET(hart, &one);
        check_eq(sched_setaffinity(hogs[round % 3], sizeof(one), &one), 0);
        check_eq(sched_setaffinity(0, sizeof(one), &one), 0);
        check_eq(sched_getcpu(), hart);
        sleep_ns(1000000);
        check_eq(sched_getcpu(), hart);
        sched_yield();
        check_eq(sched_getcpu(), hart);
    }
    for (int i = 0; i < 3; i++)
        check_eq(end_hog(hogs[i]) > 0, 1);
    check_eq(sched_getaffinity(0, sizeof(one), &one), 0);
    check_eq(CPU_COUNT(&one), 1);
    check_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void
affinity_errors(void)
{
    cpu_set_t none;
    unsigned char little[4];
    CPU_ZERO(&none);
    check_eq(sched_setaffinity(0, sizeof(none), &none), -1);
    check_eq(errno, EINVAL);
    CPU_SET(63, &none);
    check_eq(sched_setaffinity(0, sizeof(none), &none), -1);
    check_eq(errno, EINVAL);
    check_eq(sched_setaffinity(1 << 22, sizeof(none), &none), -1);
    check_eq(errno, ESRCH);
    check_eq(syscall(SYS_sched_getaffinity, 0, sizeof(little), little), -1);
    check_eq(errno, EINVAL);
    check_eq(syscall(SYS_sched_getaffinity, 0, 8, NULL), -1);
    check_eq(errno, EFAULT);
    check_eq(syscall(SYS_sched_getaffinity, 0, 128, &none), 8);
}

int
main(void)
{
    const struct tap_case cases[] = {
        TAP_CASE(yield_lets_others_run),
        TAP_CASE(nice_values_are_kept_in_bounds),
        TAP_CASE(groups_have_nice_values),
        TAP_CASE(users_may_only_be_nicer),
        TAP_CASE(policies_are_known),
        TAP_CASE(threads_stay_on_their_harts),
        TAP_CASE(affinity_errors),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
