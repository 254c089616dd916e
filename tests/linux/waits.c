/* Waiting for children in every way, and what it says they used. */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t
start(void (*body)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        body();
        _exit(0);
    }
    check(pid > 0);
    return pid;
}

static void
nothing(void)
{
}

static void
exit_3(void)
{
    _exit(3);
}

static void
wait_for_ever(void)
{
    for (;;)
        pause();
}

static int
await(pid_t pid)
{
    int status = -1;

    check_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void
waitid_tells_what_happened(void)
{
    siginfo_t info;
    pid_t pid = start(exit_3);

    memset(&info, 0xff, sizeof(info));
    check_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    check_eq(info.si_signo, SIGCHLD);
    check_eq(info.si_errno, 0);
    check_eq(info.si_code, CLD_EXITED);
    check_eq(info.si_pid, pid);
    check_eq(info.si_uid, getuid());
    check_eq(info.si_status, 3);
    check_eq(waitid(P_ALL, 0, &info, WEXITED), 0); /* it is still there */
    check_eq(info.si_pid, pid);
    check_fails(ECHILD, waitid(P_ALL, 0, &info, WEXITED));

    pid = start(wait_for_ever);
    check_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG), 0);
    check_eq(info.si_signo, 0);
    check_eq(info.si_pid, 0);
    check_eq(kill(pid, SIGSTOP), 0);
    for (int i = 0; i < 2; i++) {
        check_eq(
            waitid(P_PID, (id_t)pid, &info, WSTOPPED | (i == 0 ? WNOWAIT : 0)),
            0);
        check_eq(info.si_code, CLD_STOPPED);
        check_eq(info.si_status, SIGSTOP);
    }
    check_eq(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG), 0);
    check_eq(info.si_pid, 0);
    check_eq(kill(pid, SIGCONT), 0);
    for (int i = 0; i < 2; i++) {
        check_eq(waitid(P_PID, (id_t)pid, &info,
                        WCONTINUED | (i == 0 ? WNOWAIT : 0)),
                 0);
        check_eq(info.si_code, CLD_CONTINUED);
        check_eq(info.si_status, SIGCONT);
    }
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(waitid(P_PGID, 0, NULL, WEXITED | WNOWAIT), 0);
    check_eq(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED), 0);
    check_eq(info.si_code, CLD_KILLED);
    check_eq(info.si_status, SIGKILL);
    check_eq(info.si_pid, pid);
}

static void
waitid_refuses(void)
{
    siginfo_t info;

    check_fails(EINVAL, waitid(P_ALL, 0, &info, 0));
    check_fails(EINVAL, waitid(P_ALL, 0, &info, WNOHANG));
    check_fails(EINVAL, waitid(P_ALL, 0, &info, WEXITED | 0x100));
    check_fails(EINVAL, waitid(P_PID, 0, &info, WEXITED));
    check_fails(EINVAL, waitid((idtype_t)17, 1, &info, WEXITED));
    check_fails(EINVAL, syscall(SYS_waitid, P_PGID, -1, &info, WEXITED, 0));
    check_fails(ECHILD, waitid(P_PID, 1, &info, WEXITED));
    check_fails(EINVAL, wait4(-1, NULL, WEXITED, NULL));
    check_fails(ESRCH, wait4((pid_t)0x80000000, NULL, 0, NULL));
}

static int
clone_with(unsigned long flags)
{
    return (int)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

static void
clones_are_waited_for_apart(void)
{
    int status = -1;
    pid_t pid = clone_with(0); /* no signal at its end */

    if (pid == 0)
        _exit(4);
    check_fails(ECHILD, waitpid(-1, &status, 0));
    check_eq(waitpid(-1, &status, __WCLONE), pid);
    check_eq(status, 4 << 8);
    signal(SIGUSR2, SIG_IGN);
    pid = clone_with(SIGUSR2);
    if (pid == 0)
        _exit(5);
    check_eq(waitpid(pid, &status, __WALL), pid);
    check_eq(status, 5 << 8);
    signal(SIGUSR2, SIG_DFL);
    pid = clone_with(0);
    if (pid == 0) /* a program is a child like others */
        execl("/bin/true", "true", NULL);
    status = -1;
    for (int i = 0; i < 100000 && waitpid(pid, &status, WNOHANG) != pid; i++)
        sched_yield();
    check_eq(status, 0);
    pid = start(nothing);
    check_fails(ECHILD, waitpid(pid, &status, __WCLONE));
    check_eq(await(pid), 0);
}

/* ---- What was used ---- */

static long long
ns_of(struct timeval time)
{
    return time.tv_sec * 1000000000ll + time.tv_usec * 1000;
}

static struct rusage
usage(int who)
{
    struct rusage used;

    memset(&used, 0xff, sizeof(used));
    check_eq(getrusage(who, &used), 0);
    return used;
}

static long long
now(clockid_t clock)
{
    struct timespec time = {-1, -1};

    check_eq(clock_gettime(clock, &time), 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static volatile unsigned long sink;

static void
compute(long long ns)
{
    long long end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

    while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
        for (int i = 0; i < 200000; i++)
            sink += (unsigned long)i;
}

/* Most of the time goes into the kernel. */
static void
call(long long ns)
{
    long long end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;
    static char buf[65536];
    int fd = open("/dev/zero", O_RDONLY);

    while (now(CLOCK_PROCESS_CPUTIME_ID) < end)
        for (int i = 0; i < 100; i++)
            check_eq(read(fd, buf, sizeof(buf)), (ssize_t)sizeof(buf));
    close(fd);
}

/* Whether the time that `spend` takes is mostly the system's, or else the
 * user's. A host that lets a hart stand still adds to either: it may take a few
 * tries. */
static bool
goes_mostly(void (*spend)(long long ns), bool to_system)
{
    for (int tries = 0; tries < 8; tries++) {
        struct rusage before = usage(RUSAGE_SELF), after;
        spend(300000000);
        after = usage(RUSAGE_SELF);
        long long user = ns_of(after.ru_utime) - ns_of(before.ru_utime);
        long long system = ns_of(after.ru_stime) - ns_of(before.ru_stime);
        check(user + system > 290000000);
        if (to_system ? system > 2 * user : user > 2 * system)
            return true;
    }
    return false;
}

static void
user_and_system_time(void)
{
    struct tms t0, t1;
    clock_t c0 = times(&t0), c1;

    check(goes_mostly(compute, false));
    check(goes_mostly(call, true));
    c1 = times(&t1);
    check(c1 - c0 >= 58);
    check(t1.tms_utime - t0.tms_utime >= 20);
    check(t1.tms_stime - t0.tms_stime >= 20);
    check_eq(t1.tms_cutime, t0.tms_cutime);
}

static void
compute_some(void)
{
    compute(100000000);
}

static void
childrens_usage(void)
{
    struct rusage before = usage(RUSAGE_CHILDREN), after, used = {0};
    int status = -1;
    pid_t pid = start(compute_some);

    check_eq(wait4(pid, &status, 0, &used), pid);
    check_eq(status, 0);
    check(ns_of(used.ru_utime) + ns_of(used.ru_stime) >= 99000000);
    check(used.ru_minflt > 0 && used.ru_maxrss > 0);
    after = usage(RUSAGE_CHILDREN);
    check(ns_of(after.ru_utime) + ns_of(after.ru_stime) >=
          ns_of(before.ru_utime) + ns_of(before.ru_stime) + 99000000);
    check(after.ru_minflt >= before.ru_minflt + used.ru_minflt);
    check_eq(after.ru_maxrss, before.ru_maxrss > used.ru_maxrss
                                  ? before.ru_maxrss
                                  : used.ru_maxrss);
    /* A child has used nothing to begin with. */
    if ((pid = fork()) == 0)
        _exit(usage(RUSAGE_SELF).ru_maxrss < 1 ||
              ns_of(usage(RUSAGE_CHILDREN).ru_utime) != 0 ||
              ns_of(usage(RUSAGE_SELF).ru_utime) > 90000000);
    check_eq(await(pid), 0);
}

static void
memory_and_switches(void)
{
    struct rusage before = usage(RUSAGE_SELF), after;
    struct timespec moment = {0, 1000000};
    size_t size = 2 << 20;
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(at, 1, size);
    munmap(at, size);
    after = usage(RUSAGE_SELF);
    /* One that is over before the thread has left its hart is no switch. */
    for (int i = 0; i < 1000 && after.ru_nvcsw == before.ru_nvcsw; i++) {
        nanosleep(&moment, NULL);
        after = usage(RUSAGE_SELF);
    }
    check(after.ru_minflt >= before.ru_minflt + 512);
    check(after.ru_maxrss >= 2048);
    check(after.ru_nvcsw > before.ru_nvcsw);
    check_fails(EINVAL, syscall(SYS_getrusage, 7, &after));
    check_fails(EFAULT, syscall(SYS_getrusage, 0, 8));
    check_fails(EFAULT, syscall(SYS_times, 8));
}

static void *
burn(void *arg)
{
    clockid_t *clock = arg;
    long long start = now(CLOCK_THREAD_CPUTIME_ID);

    while (now(CLOCK_THREAD_CPUTIME_ID) < start + 50000000)
        sink++;
    check_eq(pthread_getcpuclockid(pthread_self(), clock), 0);
    check(ns_of(usage(RUSAGE_THREAD).ru_utime) +
              ns_of(usage(RUSAGE_THREAD).ru_stime) >=
          49000000);
    check(now(*clock) >= 50000000);
    return NULL;
}

static void
clocks_of_threads(void)
{
    long long mine = now(CLOCK_THREAD_CPUTIME_ID);
    long long all = now(CLOCK_PROCESS_CPUTIME_ID);
    clockid_t clock;
    struct timespec time;
    pthread_t thread;

    check_eq(pthread_create(&thread, NULL, burn, &clock), 0);
    check_eq(pthread_join(thread, NULL), 0);
    mine = now(CLOCK_THREAD_CPUTIME_ID) - mine;
    check(now(CLOCK_PROCESS_CPUTIME_ID) >= all + mine + 50000000);
    while (clock_gettime(clock, &time) == 0)
        sched_yield(); /* joined, but not quite gone */
    check_eq(errno, EINVAL);
    check_eq(clock_getcpuclockid(getpid(), &clock), 0);
    check(now(clock) >= all + 50000000);
    check_eq(clock_getcpuclockid(1, &clock), 0);
    check(now(clock) > 0);
    check_eq(clock_getcpuclockid(30000, &clock), ESRCH);
}

/* ---- Parents ---- */

static int pair[2];

/* A child whose own child outlives it and tells who its parent then is. */
static void
leave_a_child(void)
{
    pid_t parent = getpid(), now_parent;

    if (fork() > 0)
        _exit(0);
    while ((now_parent = getppid()) == parent)
        sched_yield();
    check_eq(write(pair[1], &now_parent, sizeof(now_parent)),
             (ssize_t)sizeof(now_parent));
}

static void
orphans(void)
{
    pid_t parent = -1, pid;
    int on = -1, status;

    check_eq(pipe(pair), 0);
    check_eq(await(start(leave_a_child)), 0);
    check_eq(read(pair[0], &parent, sizeof(parent)), (ssize_t)sizeof(parent));
    check_eq(parent, 1);
    check_fails(ECHILD, wait(&status));

    check_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    check_eq(prctl(PR_GET_CHILD_SUBREAPER, &on), 0);
    check_eq(on, 1);
    pid = start(leave_a_child);
    check_eq(await(pid), 0);
    check_eq(read(pair[0], &parent, sizeof(parent)), (ssize_t)sizeof(parent));
    check_eq(parent, getpid());
    check(wait(&status) > 0); /* the grandchild */
    check_fails(ECHILD, wait(&status));
    check_eq(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    close(pair[0]);
    close(pair[1]);
}

/* Leaves a child that has ended. */
static void
leave_a_zombie(void)
{
    siginfo_t info;
    pid_t child = fork();

    if (child == 0)
        _exit(9);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    _exit(0);
}

/* Who takes over a child that has ended already is told that it has. */
static void
orphaned_zombies(void)
{
    struct timespec patience = {10, 0};
    sigset_t child_signal;
    siginfo_t info;
    int status;
    pid_t pid;

    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    check_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    pid = clone_with(0); /* its own end makes no signal */
    if (pid == 0)
        leave_a_zombie();
    check_eq(waitpid(pid, &status, __WALL), pid);
    check_eq(sigtimedwait(&child_signal, &info, &patience), SIGCHLD);
    check(info.si_code == CLD_EXITED && info.si_status == 9);
    check_eq(waitpid(info.si_pid, &status, WNOHANG), info.si_pid);

    /* Nobody wants to know: nothing is left. */
    signal(SIGCHLD, SIG_IGN);
    pid = clone_with(0);
    if (pid == 0)
        leave_a_zombie();
    check_eq(waitpid(pid, &status, __WALL), pid);
    check_fails(ECHILD, waitpid(-1, &status, WNOHANG));
    signal(SIGCHLD, SIG_DFL);
    check_eq(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    sigprocmask(SIG_UNBLOCK, &child_signal, NULL);
}

/* A clone that sends no signal is orphaned. */
static void
leave_a_clone(void)
{
    pid_t parent = getpid(), own;

    if (clone_with(0) > 0)
        _exit(0);
    while (getppid() == parent)
        sched_yield();
    own = getpid();
    check_eq(write(pair[1], &own, sizeof(own)), (ssize_t)sizeof(own));
}

static void
orphaned_clones(void)
{
    pid_t pid = -1;

    check_eq(pipe(pair), 0);
    check_eq(await(start(leave_a_clone)), 0);
    check_eq(read(pair[0], &pid, sizeof(pid)), (ssize_t)sizeof(pid));
    for (int i = 0; i < 100000 && kill(pid, 0) == 0; i++)
        sched_yield();
    check_fails(ESRCH, kill(pid, 0)); /* init has waited for it */
    close(pair[0]);
    close(pair[1]);
}

/* Its child dies with it; the pipe's end says so. */
static void
take_child_along(void)
{
    char c = 'r';
    int wish = 0;

    if (fork() == 0) {
        check_eq(prctl(PR_GET_PDEATHSIG, &wish), 0);
        check_eq(wish, 0);
        check_eq(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
        check_eq(prctl(PR_GET_PDEATHSIG, &wish), 0);
        check_eq(wish, SIGKILL);
        check_eq(write(pair[1], &c, 1), 1);
        wait_for_ever();
    }
    check_eq(read(pair[0], &c, 1), 1);
}

static void
death_signal(void)
{
    char c;

    check_eq(pipe(pair), 0);
    check_eq(await(start(take_child_along)), 0);
    close(pair[1]);
    check_eq(read(pair[0], &c, 1), 0); /* nobody has the other end */
    close(pair[0]);
}

static void
names_and_flags(void)
{
    char name[17] = "", text[64] = "";
    int fd;

    check_eq(prctl(PR_SET_NAME, "a name that is too long"), 0);
    check_eq(prctl(PR_GET_NAME, name), 0);
    check(strcmp(name, "a name that is ") == 0);
    fd = open("/proc/self/comm", O_RDONLY);
    check(read(fd, text, sizeof(text)) > 0);
    close(fd);
    check(strcmp(text, "a name that is \n") == 0);
    check_eq(prctl(PR_SET_NAME, "waits"), 0);
    check_fails(EFAULT, prctl(PR_SET_NAME, 8));
    check_fails(EFAULT, prctl(PR_GET_NAME, 8));
    check_fails(EINVAL, prctl(PR_SET_PDEATHSIG, 65));
    check_fails(EINVAL, prctl(1000, 0));
    check_eq(prctl(PR_GET_DUMPABLE), 1);
    check_eq(prctl(PR_SET_DUMPABLE, 0), 0);
    check_eq(prctl(PR_GET_DUMPABLE), 0);
    check_eq(prctl(PR_SET_DUMPABLE, 1), 0);
    check_fails(EINVAL, prctl(PR_SET_DUMPABLE, 3));
    check_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    check_fails(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    check_fails(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    check_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    check_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    check(sched_getcpu() >= 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(waitid_tells_what_happened),
        TAP_CASE(waitid_refuses),
        TAP_CASE(clones_are_waited_for_apart),
        TAP_CASE(user_and_system_time),
        TAP_CASE(childrens_usage),
        TAP_CASE(memory_and_switches),
        TAP_CASE(clocks_of_threads),
        TAP_CASE(orphans),
        TAP_CASE(orphaned_clones),
        TAP_CASE(orphaned_zombies),
        TAP_CASE(death_signal),
        TAP_CASE(names_and_flags),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
