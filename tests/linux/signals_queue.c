/* Signals that are waited for: what is pending, in which order it comes, and
 * what comes with it. */
#include "tap.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct timespec no_time;

static sigset_t
block(int first, int last)
{
    sigset_t set;

    sigemptyset(&set);
    for (int sig = first; sig <= last; sig++)
        if (sig != 32 && sig != 33) /* glibc's own */
            sigaddset(&set, sig);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return set;
}

static int
take(const sigset_t *set, siginfo_t *info)
{
    memset(info, 0xff, sizeof(*info));
    /* glibc's would turn SI_TKILL into SI_USER. */
    return (int)syscall(SYS_rt_sigtimedwait, set, info, &no_time, 8);
}

static void
standard_signals_do_not_queue(void)
{
    sigset_t set = block(SIGUSR1, SIGUSR1), pending;
    siginfo_t info;

    check_eq(kill(getpid(), SIGUSR1), 0);
    check_eq(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 3}), 0);
    check_eq(sigpending(&pending), 0);
    check_eq(sigismember(&pending, SIGUSR1), 1);
    check_eq(sigismember(&pending, SIGUSR2), 0);
    check_eq(take(&set, &info), SIGUSR1);
    check_eq(info.si_signo, SIGUSR1);
    check_eq(info.si_errno, 0);
    check_eq(info.si_code, SI_USER);
    check_eq(info.si_pid, getpid());
    check_eq(info.si_uid, getuid());
    check_eq(info.si_value.sival_int, 0);
    check_eq(take(&set, &info), -1);
    check_eq(errno, EAGAIN);
    check_eq(sigpending(&pending), 0);
    check_eq(sigismember(&pending, SIGUSR1), 0);
}

static void
real_time_signals_queue_in_order(void)
{
    sigset_t set = block(40, 42);
    siginfo_t info;

    for (int i = 0; i < 9; i++)
        check_eq(sigqueue(getpid(), 42 - i % 3, (union sigval){.sival_int = i}),
                 0);
    for (int i = 0; i < 9; i++) {
        check_eq(take(&set, &info), 40 + i / 3);
        check_eq(info.si_code, SI_QUEUE);
        check_eq(info.si_pid, getpid());
        check_eq(info.si_value.sival_int, 2 - i / 3 + 3 * (i % 3));
    }
    check_eq(take(&set, &info), -1);
}

static void
the_queue_has_an_end(void)
{
    sigset_t set = block(50, 50);
    siginfo_t info;
    int sent = 0, got = 0;

    while (sigqueue(getpid(), 50, (union sigval){.sival_int = sent}) == 0)
        if (++sent == 1000000)
            break;
    check_eq(errno, EAGAIN);
    check(sent >= 32 && sent < 1000000); /* POSIX: _POSIX_SIGQUEUE_MAX */
    check_eq(kill(getpid(), 50), 0);     /* comes, if only as a bit */
    while (take(&set, &info) == 50 && info.si_code == SI_QUEUE)
        check_eq(info.si_value.sival_int, got++);
    check_eq(got, sent);
    check_eq(sigqueue(getpid(), 50, (union sigval){.sival_int = 1}), 0);
    check_eq(take(&set, &info), 50);
}

static void
threads_have_a_queue_of_their_own(void)
{
    sigset_t set = block(SIGUSR1, SIGUSR2);
    siginfo_t info;

    check_eq(raise(SIGUSR2), 0);
    check_eq(kill(getpid(), SIGUSR2), 0);
    check_eq(take(&set, &info), SIGUSR2);
    check_eq(info.si_code, SI_TKILL);
    check_eq(take(&set, &info), SIGUSR2);
    check_eq(info.si_code, SI_USER);
    check_eq(take(&set, &info), -1);
    check_eq(syscall(SYS_tgkill, getpid(), getpid() + 1, SIGUSR1), -1);
    check_eq(errno, ESRCH);
    check_eq(syscall(SYS_tkill, -1, SIGUSR1), -1);
    check_eq(errno, EINVAL);
}

/* SIGCHLD is ignored by default, but not while it is blocked. */
static void
waiting_sees_a_child_end(void)
{
    sigset_t set = block(SIGCHLD, SIGCHLD);
    siginfo_t info;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    check_eq(sigwaitinfo(&set, &info), SIGCHLD);
    check_eq(waitpid(pid, &status, 0), pid);
}

static void
waiting_wakes_up(void)
{
    sigset_t set = block(SIGUSR1, SIGUSR2);
    siginfo_t info;
    int status;
    pid_t parent = getpid(), pid = fork();

    if (pid == 0)
        _exit(sigqueue(parent, SIGUSR2, (union sigval){.sival_int = 77}) != 0);
    check_eq(sigwaitinfo(&set, &info), SIGUSR2);
    check_eq(info.si_pid, pid);
    check_eq(info.si_value.sival_int, 77);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
waiting_ends(void)
{
    const struct timespec moment = {.tv_nsec = 3000000};
    sigset_t set = block(SIGUSR1, SIGUSR1);
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    check_eq(sigtimedwait(&set, NULL, &moment), -1);
    check_eq(errno, EAGAIN);
    clock_gettime(CLOCK_MONOTONIC, &to);
    check((to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec >=
          3000000);
}

/* Nobody may claim to be the kernel, or kill, towards another process. */
static void
lies_are_refused(void)
{
    siginfo_t info = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    info.si_code = SI_USER;
    check_eq(syscall(SYS_rt_sigqueueinfo, pid, SIGTERM, &info), -1);
    check_eq(errno, EPERM);
    info.si_code = SI_KERNEL;
    check_eq(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGTERM, &info), -1);
    check_eq(errno, EPERM);
    info.si_code = SI_TKILL;
    check_eq(syscall(SYS_rt_sigqueueinfo, pid, SIGTERM, &info), -1);
    check_eq(errno, EPERM);
    check_eq(syscall(SYS_rt_sigqueueinfo, pid, SIGTERM, 8), -1);
    check_eq(errno, EFAULT);
    info.si_code = SI_QUEUE;
    check_eq(syscall(SYS_rt_sigqueueinfo, pid, 65, &info), -1);
    check_eq(errno, EINVAL);
    check_eq(syscall(SYS_rt_sigqueueinfo, pid, 0, &info), 0);
    check_eq(waitpid(pid, &status, WNOHANG), 0);
    check_eq(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGTERM, &info), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGTERM);
}

static void
a_child_starts_without(void)
{
    sigset_t set = block(SIGUSR1, 45);
    siginfo_t info;
    int status;
    pid_t pid;

    check_eq(kill(getpid(), SIGUSR1), 0);
    check_eq(kill(getpid(), 45), 0);
    pid = fork();
    if (pid == 0)
        _exit(take(&set, &info) != -1 || errno != EAGAIN);
    sigdelset(&set, SIGCHLD);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(take(&set, &info), SIGUSR1);
    check_eq(take(&set, &info), 45);
}

static void
ignoring_discards(void)
{
    sigset_t set = block(SIGUSR1, SIGUSR1);
    siginfo_t info;

    check_eq(kill(getpid(), SIGUSR1), 0);
    check(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    check_eq(take(&set, &info), -1);
    check_eq(kill(getpid(), SIGUSR1), 0); /* blocked: who knows */
    check(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    check_eq(take(&set, &info), SIGUSR1);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(standard_signals_do_not_queue),
        TAP_CASE(real_time_signals_queue_in_order),
        TAP_CASE(the_queue_has_an_end),
        TAP_CASE(threads_have_a_queue_of_their_own),
        TAP_CASE(waiting_sees_a_child_end),
        TAP_CASE(waiting_wakes_up),
        TAP_CASE(waiting_ends),
        TAP_CASE(lies_are_refused),
        TAP_CASE(a_child_starts_without),
        TAP_CASE(ignoring_discards),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
