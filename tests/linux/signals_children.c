/* What parents are told of their children, and what stops and continues
 * processes. */
#include "tap.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int count;
static volatile siginfo_t last;
static int fds[2];

static void
note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    count++;
    last = *info;
}

static void
set_action(int sig, int flags)
{
    struct sigaction action = {.sa_sigaction = note,
                               .sa_flags = flags | SA_SIGINFO};

    check_eq(sigaction(sig, &action, NULL), 0);
    count = 0;
}

static void
mask(int how, int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(how, &set, NULL);
}

/* SIGCHLD is blocked; lets one come. */
static void
await_word(void)
{
    sigset_t none;
    int before = count;

    sigemptyset(&none);
    while (count == before)
        sigsuspend(&none);
}

static void
expect_word(int code, pid_t pid, int status)
{
    await_word();
    check_eq(last.si_signo, SIGCHLD);
    check_eq(last.si_code, code);
    check_eq(last.si_pid, pid);
    check_eq(last.si_uid, getuid());
    check_eq(last.si_status, status);
}

static void
sleep_for_ever(void)
{
    for (;;)
        pause();
}

static void
a_childs_life_is_told(void)
{
    int status;
    pid_t pid;

    mask(SIG_BLOCK, SIGCHLD);
    set_action(SIGCHLD, 0);
    pid = fork();
    if (pid == 0)
        sleep_for_ever();
    kill(pid, SIGSTOP);
    expect_word(CLD_STOPPED, pid, SIGSTOP);
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGCONT);
    expect_word(CLD_CONTINUED, pid, SIGCONT);
    kill(pid, SIGTERM);
    expect_word(CLD_KILLED, pid, SIGTERM);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGTERM);
    pid = fork();
    if (pid == 0)
        _exit(42);
    expect_word(CLD_EXITED, pid, 42);
    check_eq(waitpid(pid, &status, 0), pid);
    signal(SIGCHLD, SIG_DFL);
    mask(SIG_UNBLOCK, SIGCHLD);
}

static void
sa_nocldstop_hears_of_ends_only(void)
{
    int status;
    pid_t pid;

    set_action(SIGCHLD, SA_NOCLDSTOP | SA_RESTART);
    pid = fork();
    if (pid == 0)
        sleep_for_ever();
    kill(pid, SIGSTOP);
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGCONT);
    check_eq(waitpid(pid, &status, WCONTINUED), pid);
    check_eq(count, 0);
    kill(pid, SIGKILL);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(count, 1);
    check_eq(last.si_code, CLD_KILLED);
    signal(SIGCHLD, SIG_DFL);
}

/* No zombies: wait returns when the last child is gone, with nothing. */
static void
sa_nocldwait_leaves_nothing(void)
{
    int status;

    set_action(SIGCHLD, SA_NOCLDWAIT | SA_RESTART);
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            _exit(i);
    check_fails(ECHILD, wait(&status));
    check(count >= 1); /* it is told all the same */
    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0)
        _exit(0);
    check_fails(ECHILD, wait(&status));
    signal(SIGCHLD, SIG_DFL);
}

static int
is_pending(int sig)
{
    sigset_t set;

    sigpending(&set);
    return sigismember(&set, sig);
}

static void
stop_and_continue_cancel_out(void)
{
    static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};

    mask(SIG_BLOCK, SIGCONT);
    set_action(SIGCONT, 0);
    for (int i = 0; i < 3; i++) {
        mask(SIG_BLOCK, stops[i]);
        kill(getpid(), SIGCONT);
        check_eq(is_pending(SIGCONT), 1);
        kill(getpid(), stops[i]);
        check_eq(is_pending(SIGCONT), 0);
        check_eq(is_pending(stops[i]), 1);
    }
    kill(getpid(), SIGCONT);
    for (int i = 0; i < 3; i++) {
        check_eq(is_pending(stops[i]), 0);
        mask(SIG_UNBLOCK, stops[i]);
    }
    check_eq(count, 0);
    mask(SIG_UNBLOCK, SIGCONT);
    check_eq(count, 1);
    signal(SIGCONT, SIG_DFL);
}

/* SIGCONT wakes even who blocks or catches it. */
static void
continuing_runs_the_handler(void)
{
    int status;
    pid_t pid;

    for (int blocked = 0; blocked < 2; blocked++) {
        pid = fork();
        if (pid == 0) {
            set_action(SIGCONT, 0);
            if (blocked)
                mask(SIG_BLOCK, SIGCONT);
            raise(SIGSTOP);
            _exit(count);
        }
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        check_eq(status, SIGSTOP << 8 | 0x7f);
        kill(pid, SIGCONT);
        check_eq(waitpid(pid, &status, 0), pid);
        check_eq(status, (blocked ? 0 : 1) << 8);
    }
}

static void
only_some_signals_reach_the_stopped(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        set_action(SIGUSR1, 0);
        raise(SIGSTOP);
        _exit(count);
    }
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGUSR1);
    check_eq(waitpid(pid, &status, WNOHANG), 0); /* it waits */
    kill(pid, SIGCONT);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 1 << 8);
    pid = fork();
    if (pid == 0)
        raise(SIGSTOP);
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGKILL);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGKILL);
}

/* A job of a shell that is there: SIGTSTP stops it. Without the shell, nobody
 * could continue it, and so nothing stops it. */
static void
orphaned_groups_do_not_stop(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        setpgid(0, 0);
        raise(SIGTSTP);
        _exit(5);
    }
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check_eq(status, SIGTSTP << 8 | 0x7f);
    kill(pid, SIGCONT);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 5 << 8);
    pid = fork();
    if (pid == 0) {
        setsid(); /* its parent is in another session */
        raise(SIGTSTP);
        raise(SIGTTIN);
        raise(SIGTTOU);
        _exit(6);
    }
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check_eq(status, 6 << 8);
}

/* The leader of a session, and its stopped job; the leader ends. */
static void
be_a_shell(void)
{
    int status;
    pid_t job;

    setsid();
    job = fork();
    if (job == 0) {
        setpgid(0, 0);
        set_action(SIGHUP, 0);
        raise(SIGSTOP);
        /* SIGHUP came first, and then SIGCONT. */
        _exit(write(fds[1], count == 1 ? "y" : "n", 1) != 1);
    }
    if (waitpid(job, &status, WUNTRACED) != job)
        _exit(1);
    _exit(0);
}

static void
stopped_orphans_are_told(void)
{
    int status;
    char byte = 0;
    pid_t pid;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0)
        be_a_shell();
    close(fds[1]);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(read(fds[0], &byte, 1), 1);
    check_eq(byte, 'y');
    close(fds[0]);
}

static void
a_broken_pipe_is_told(void)
{
    int status;
    pid_t pid;

    check_eq(pipe(fds), 0);
    close(fds[0]);
    pid = fork();
    if (pid == 0)
        _exit(write(fds[1], "x", 1) != 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGPIPE);
    set_action(SIGPIPE, SA_RESTART);
    check_fails(EPIPE, write(fds[1], "x", 1));
    check_eq(count, 1);
    signal(SIGPIPE, SIG_IGN);
    check_fails(EPIPE, write(fds[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    close(fds[1]);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(a_childs_life_is_told),
        TAP_CASE(sa_nocldstop_hears_of_ends_only),
        TAP_CASE(sa_nocldwait_leaves_nothing),
        TAP_CASE(stop_and_continue_cancel_out),
        TAP_CASE(continuing_runs_the_handler),
        TAP_CASE(only_some_signals_reach_the_stopped),
        TAP_CASE(orphaned_groups_do_not_stop),
        TAP_CASE(stopped_orphans_are_told),
        TAP_CASE(a_broken_pipe_is_told),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
