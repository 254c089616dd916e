/* Handlers: what runs when, with which mask, and what the flags of an action
 * mean. */
#include "tap.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int count, order[16], norder;
static volatile siginfo_t last;
static sigset_t seen_mask;

static void
set_action(int sig, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    check_eq(sigaction(sig, &action, NULL), 0);
}

static void
let(int how, int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(how, &set, NULL);
}

static void
note(int sig)
{
    count++;
    if (norder < 16)
        order[norder++] = sig;
    sigprocmask(SIG_BLOCK, NULL, &seen_mask);
}

static void
note_info(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    note(sig);
    memcpy((void *)&last, info, sizeof(last));
    check(uc->uc_link == NULL);
    check(((uintptr_t)info & 15) == 0);
}

static void
start(void)
{
    count = norder = 0;
    memset(&seen_mask, 0, sizeof(seen_mask));
}

static void
a_handler_runs_at_once(void)
{
    start();
    set_action(SIGUSR1, note, 0);
    check_eq(raise(SIGUSR1), 0);
    check_eq(count, 1);
    check_eq(kill(getpid(), SIGUSR1), 0);
    check_eq(count, 2);
    check_eq(sigismember(&seen_mask, SIGUSR1), 1); /* its own is blocked */
    sigprocmask(SIG_BLOCK, NULL, &seen_mask);
    check_eq(sigismember(&seen_mask, SIGUSR1), 0); /* and no more */
}

static void
a_blocked_one_waits(void)
{
    start();
    set_action(SIGUSR1, note, 0);
    let(SIG_BLOCK, SIGUSR1);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    check_eq(count, 0);
    let(SIG_UNBLOCK, SIGUSR1);
    check_eq(count, 1);
}

static void
sa_mask_blocks_others(void)
{
    struct sigaction action = {.sa_handler = note};

    start();
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaddset(&action.sa_mask, SIGKILL);
    check_eq(sigaction(SIGUSR1, &action, NULL), 0);
    raise(SIGUSR1);
    check_eq(sigismember(&seen_mask, SIGUSR2), 1);
    check_eq(sigismember(&seen_mask, SIGKILL), 0);
    check_eq(sigaction(SIGUSR1, NULL, &action), 0);
    check(action.sa_handler == note);
    check_eq(sigismember(&action.sa_mask, SIGUSR2), 1);
    check_eq(sigismember(&action.sa_mask, SIGKILL), 0);
}

static volatile int depth, deepest;

static void
nest(int sig)
{
    if (++depth > deepest)
        deepest = depth;
    if (sig == SIGUSR1 && depth < 5)
        raise(depth % 2 ? SIGUSR2 : SIGUSR1);
    else if (sig == SIGUSR2 && depth < 5)
        raise(SIGUSR1);
    depth--;
}

static void
sa_nodefer_nests(void)
{
    depth = deepest = 0;
    set_action(SIGUSR1, nest, SA_NODEFER);
    set_action(SIGUSR2, nest, SA_NODEFER);
    raise(SIGUSR1);
    check_eq(depth, 0);
    check_eq(deepest, 5);
}

static void
sa_resethand_is_for_once(void)
{
    struct sigaction action;
    int status;
    pid_t pid;

    start();
    set_action(SIGUSR1, note, (int)SA_RESETHAND);
    raise(SIGUSR1);
    check_eq(count, 1);
    check_eq(sigaction(SIGUSR1, NULL, &action), 0);
    check(action.sa_handler == SIG_DFL);
    pid = fork();
    if (pid == 0) {
        raise(SIGUSR1);
        _exit(0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGUSR1);
}

static void
sa_siginfo_tells_who(void)
{
    struct sigaction action = {.sa_sigaction = note_info,
                               .sa_flags = SA_SIGINFO};
    int status;
    pid_t parent = getpid(), pid;

    start();
    sigaction(SIGUSR1, &action, NULL);
    sigaction(50, &action, NULL);
    kill(getpid(), SIGUSR1);
    check_eq(last.si_signo, SIGUSR1);
    check_eq(last.si_code, SI_USER);
    check_eq(last.si_pid, getpid());
    raise(SIGUSR1);
    check_eq(last.si_code, SI_TKILL);
    check_eq(last.si_pid, getpid());
    check_eq(sigqueue(getpid(), 50, (union sigval){.sival_ptr = &seen_mask}),
             0);
    check_eq(last.si_signo, 50);
    check_eq(last.si_code, SI_QUEUE);
    check(last.si_value.sival_ptr == &seen_mask);

    let(SIG_BLOCK, SIGUSR1);
    pid = fork();
    if (pid == 0)
        _exit(kill(parent, SIGUSR1) != 0);
    check_eq(waitpid(pid, &status, 0), pid);
    let(SIG_UNBLOCK, SIGUSR1);
    check_eq(last.si_signo, SIGUSR1);
    check_eq(last.si_pid, pid);
}

/* Frames are stacked lowest number first, so the highest runs first; those of
 * one number come in the order they were sent. */
static void
several_at_once(void)
{
    sigset_t set;

    start();
    sigemptyset(&set);
    for (int sig = 40; sig < 43; sig++) {
        set_action(sig, note, 0);
        sigaddset(&set, sig);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 2; i++)
        for (int sig = 42; sig >= 40; sig--)
            kill(getpid(), sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    check_eq(norder, 6);
    for (int i = 0; i < 6; i++)
        check_eq(order[i], 42 - i / 2);
}

static sigjmp_buf out;

static void
jump(int sig)
{
    siglongjmp(out, sig);
}

static void
a_handler_may_jump_out(void)
{
    set_action(SIGUSR1, jump, 0);
    for (int i = 0; i < 3; i++) {
        if (sigsetjmp(out, 1) == 0) {
            raise(SIGUSR1);
            tap_fail(__FILE__, __LINE__, "came back");
        }
        sigprocmask(SIG_BLOCK, NULL, &seen_mask);
        check_eq(sigismember(&seen_mask, SIGUSR1), 0);
    }
}

static void
what_a_child_has(void)
{
    int status;
    pid_t pid;

    start();
    set_action(SIGUSR1, note, 0);
    let(SIG_BLOCK, SIGUSR2);
    pid = fork();
    if (pid == 0) {
        raise(SIGUSR1);
        sigprocmask(SIG_BLOCK, NULL, &seen_mask);
        _exit(count == 1 && sigismember(&seen_mask, SIGUSR2) ? 0 : 1);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(count, 0);
    let(SIG_UNBLOCK, SIGUSR2);
}

/* A program starts without handlers, but ignores and blocks what it did. */
static void
what_a_program_keeps(void)
{
    char *argv[] = {"signals_handlers", "probe", NULL};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        set_action(SIGUSR1, note, 0);
        set_action(SIGUSR2, SIG_IGN, 0);
        let(SIG_BLOCK, SIGHUP);
        raise(SIGHUP);
        execv("/proc/self/exe", argv);
        execv("/linux/signals_handlers", argv);
        _exit(1);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 42 << 8);
}

static int
probe(void)
{
    struct sigaction one, two;
    sigset_t blocked, pending;

    sigaction(SIGUSR1, NULL, &one);
    sigaction(SIGUSR2, NULL, &two);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    return one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN &&
                   sigismember(&blocked, SIGHUP) &&
                   !sigismember(&blocked, SIGUSR1) &&
                   sigismember(&pending, SIGHUP)
               ? 42
               : 1;
}

static void
some_cannot_be_caught(void)
{
    struct sigaction action = {.sa_handler = note};

    check_fails(EINVAL, sigaction(SIGKILL, &action, NULL));
    check_fails(EINVAL, sigaction(SIGSTOP, &action, NULL));
    check_eq(syscall(SYS_rt_sigaction, SIGKILL, NULL, &action, 8), 0);
    check_eq(syscall(SYS_rt_sigaction, 65, &action, NULL, 8), -1);
    check_eq(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 16), -1);
    check_fails(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, 16, NULL, 8));
}

static void
sigsuspend_lets_one_through(void)
{
    sigset_t none;

    start();
    set_action(SIGUSR1, note, SA_RESTART);
    let(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    check_eq(count, 0);
    sigemptyset(&none);
    check_fails(EINTR, sigsuspend(&none));
    check_eq(count, 1);
    sigprocmask(SIG_BLOCK, NULL, &seen_mask);
    check_eq(sigismember(&seen_mask, SIGUSR1), 1);
    let(SIG_UNBLOCK, SIGUSR1);
}

/* A child that stops and goes on does not leave sigsuspend, nor does it lose
 * its old mask by that. */
static void
sigsuspend_survives_a_stop(void)
{
    int status, fds[2];
    sigset_t set;
    char byte;
    pid_t pid;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        set_action(SIGUSR1, note, 0);
        let(SIG_BLOCK, SIGUSR1);
        sigemptyset(&set);
        start();
        check_eq(write(fds[1], "", 1), 1);
        sigsuspend(&set);
        sigprocmask(SIG_BLOCK, NULL, &set);
        _exit(count == 1 && sigismember(&set, SIGUSR1) ? 0 : 1);
    }
    check_eq(read(fds[0], &byte, 1), 1);
    for (int i = 0; i < 10; i++) {
        kill(pid, SIGSTOP);
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        kill(pid, SIGCONT);
        check_eq(waitpid(pid, &status, WCONTINUED), pid);
    }
    kill(pid, SIGUSR1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    close(fds[0]);
    close(fds[1]);
}

/* Signals that come all the time, in the midst of everything. */
static void
a_storm_of_signals(void)
{
    enum { SIGNALS = 2000 };
    int status;
    pid_t parent = getpid(), pid;
    volatile double sum = 0;

    start();
    set_action(SIGUSR1, note, SA_RESTART);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < SIGNALS; i++)
            kill(parent, SIGUSR1);
        _exit(0);
    }
    while (waitpid(pid, &status, WNOHANG) == 0)
        for (int i = 0; i < 1000; i++)
            sum += 0.5;
    check(count > 0 && count <= SIGNALS);
    check(sum - (long)sum == 0 || sum - (long)sum == 0.5);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(a_handler_runs_at_once),
        TAP_CASE(a_blocked_one_waits),
        TAP_CASE(sa_mask_blocks_others),
        TAP_CASE(sa_nodefer_nests),
        TAP_CASE(sa_resethand_is_for_once),
        TAP_CASE(sa_siginfo_tells_who),
        TAP_CASE(several_at_once),
        TAP_CASE(a_handler_may_jump_out),
        TAP_CASE(what_a_child_has),
        TAP_CASE(what_a_program_keeps),
        TAP_CASE(some_cannot_be_caught),
        TAP_CASE(sigsuspend_lets_one_through),
        TAP_CASE(sigsuspend_survives_a_stop),
        TAP_CASE(a_storm_of_signals),
    };

    if (argc > 1 && strcmp(argv[1], "probe") == 0)
        return probe();
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
