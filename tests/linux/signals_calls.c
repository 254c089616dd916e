/* What a handler does to the call that it interrupts: EINTR, or the call goes
 * on; and what it says was left of a sleep. */
#include "tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int *handled; /* seen by the child, too */
static int fds[2];

static void
note(int sig)
{
    (void)sig;
    (*handled)++;
}

static void
set_action(int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};

    check_eq(sigaction(SIGUSR1, &action, NULL), 0);
    *handled = 0;
}

static int64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static char
state_of(pid_t pid)
{
    char path[32], text[512], *end;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY);
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    end = strrchr(text, ')');
    return end ? end[2] : '?';
}

static void
wait_until_asleep(pid_t pid)
{
    do
        usleep(300);
    while (state_of(pid) != 'S');
}

/* Starts a child that sends SIGUSR1 once this process sleeps, and, when it has
 * been handled and this sleeps again, does `then`. */
static pid_t
start_poker(void (*then)(void))
{
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    wait_until_asleep(parent);
    kill(parent, SIGUSR1);
    while (then && *handled == 0)
        usleep(300);
    if (then) {
        wait_until_asleep(parent);
        then();
    }
    _exit(0);
}

static void
end_poker(pid_t pid)
{
    int status;

    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(*handled, 1);
}

static void
write_a_byte(void)
{
    if (write(fds[1], "x", 1) != 1)
        _exit(1);
}

static char buffer[1 << 17];

static void
drain(void)
{
    if (read(fds[0], buffer, sizeof(buffer)) <= 0)
        _exit(1);
}

static void
reads(void)
{
    char byte = 0;
    pid_t pid;

    check_eq(pipe(fds), 0);
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, read(fds[0], &byte, 1));
    end_poker(pid);

    set_action(SA_RESTART);
    pid = start_poker(write_a_byte);
    check_eq(read(fds[0], &byte, 1), 1);
    check_eq(byte, 'x');
    end_poker(pid);
    close(fds[0]);
    close(fds[1]);
}

static void
writes(void)
{
    ssize_t n, room;
    pid_t pid;

    check_eq(pipe(fds), 0);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    for (room = 0; (n = write(fds[1], buffer, 4096)) > 0; room += n)
        ;
    fcntl(fds[1], F_SETFL, 0);
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, write(fds[1], buffer, 1));
    end_poker(pid);

    set_action(SA_RESTART);
    pid = start_poker(drain);
    check_eq(write(fds[1], buffer, 1), 1);
    end_poker(pid);

    /* What was written before a signal came is what counts. */
    set_action(0);
    while (read(fds[0], buffer, 4096) == 4096)
        ;
    close(fds[0]);
    close(fds[1]);
    check_eq(pipe(fds), 0);
    pid = start_poker(NULL);
    check_eq(write(fds[1], buffer, sizeof(buffer)), room);
    end_poker(pid);
    close(fds[0]);
    close(fds[1]);
}

static pid_t sleeper;

static void
end_sleeper(void)
{
    kill(sleeper, SIGKILL);
}

static void
waits(void)
{
    int status;
    pid_t pid;

    sleeper = fork();
    if (sleeper == 0)
        for (;;)
            pause();
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, waitpid(sleeper, &status, 0));
    end_poker(pid);
    set_action(SA_RESTART);
    pid = start_poker(end_sleeper);
    check_eq(waitpid(sleeper, &status, 0), sleeper);
    check_eq(status, SIGKILL);
    end_poker(pid);
}

/* A sleep ends for a handler in any case, and says how much was left. */
static void
sleeps(void)
{
    struct timespec minute = {.tv_sec = 60}, left, until;
    int64_t from, took;
    pid_t pid;

    for (int restart = 0; restart < 2; restart++) {
        set_action(restart ? SA_RESTART : 0);
        from = now_ns();
        pid = start_poker(NULL);
        check_fails(EINTR, nanosleep(&minute, &left));
        took = now_ns() - from;
        end_poker(pid);
        check(left.tv_sec < 60 &&
              left.tv_sec * 1000000000ll + left.tv_nsec + took >=
                  60 * 1000000000ll);
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        memset(&left, 0x55, sizeof(left));
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 60;
        check_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, &left),
                 EINTR);
        check_eq(left.tv_sec, 0x5555555555555555);
        end_poker(pid);
    }
}

static void
pauses(void)
{
    sigset_t none;
    pid_t pid;

    sigemptyset(&none);
    for (int restart = 0; restart < 2; restart++) {
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        check_fails(EINTR, pause());
        end_poker(pid);
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        check_fails(EINTR, sigsuspend(&none));
        end_poker(pid);
    }
}

static void
polls(void)
{
    struct pollfd one = {.events = POLLIN};
    fd_set set;
    pid_t pid;

    check_eq(pipe(fds), 0);
    one.fd = fds[0];
    for (int restart = 0; restart < 2; restart++) {
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        check_fails(EINTR, poll(&one, 1, -1));
        end_poker(pid);
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        check_fails(EINTR, poll(&one, 1, 60000));
        end_poker(pid);
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        FD_ZERO(&set);
        FD_SET(fds[0], &set);
        check_fails(EINTR, select(fds[0] + 1, &set, NULL, NULL, NULL));
        end_poker(pid);
    }
    close(fds[0]);
    close(fds[1]);
}

static sigset_t
blocked(void)
{
    sigset_t set;

    sigprocmask(SIG_BLOCK, NULL, &set);
    return set;
}

/* ppoll with a mask: what it lets through is handled; then the old mask is
 * back, as it is if nothing came. */
static void
polls_with_a_mask(void)
{
    struct timespec soon = {.tv_nsec = 1000000};
    struct pollfd one = {.events = POLLIN};
    sigset_t set, none, now;
    pid_t pid;

    check_eq(pipe(fds), 0);
    one.fd = fds[0];
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, ppoll(&one, 1, NULL, &none));
    now = blocked();
    check_eq(sigismember(&now, SIGUSR1), 1);
    end_poker(pid);

    check_eq(ppoll(&one, 1, &soon, &none), 0);
    now = blocked();
    check_eq(sigismember(&now, SIGUSR1), 1);

    /* Ready at once: the signal stays where it is. */
    *handled = 0;
    raise(SIGUSR1);
    write_a_byte();
    check_eq(ppoll(&one, 1, NULL, &none), 1);
    now = blocked();
    check_eq(sigismember(&now, SIGUSR1), 1);
    check_eq(*handled, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    check_eq(*handled, 1);
    close(fds[0]);
    close(fds[1]);
}

static void
signal_waits(void)
{
    struct timespec minute = {.tv_sec = 60};
    sigset_t set;
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int restart = 0; restart < 2; restart++) {
        set_action(restart ? SA_RESTART : 0);
        pid = start_poker(NULL);
        /* Not all C libraries return. */
        check_fails(EINTR,
                    syscall(SYS_rt_sigtimedwait, &set, NULL, &minute, 8));
        end_poker(pid);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int lock_fd;

static void
unlock(void)
{
    flock(lock_fd, LOCK_UN); /* the description is shared with the parent */
}

static void
locks(void)
{
    int mine = open("/tmp/lock", O_RDWR | O_CREAT, 0600);
    pid_t pid;

    lock_fd = open("/tmp/lock", O_RDWR);
    check_eq(flock(lock_fd, LOCK_EX), 0);
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, flock(mine, LOCK_EX));
    end_poker(pid);
    set_action(SA_RESTART);
    pid = start_poker(unlock);
    check_eq(flock(mine, LOCK_EX), 0);
    end_poker(pid);
    close(mine);
    close(lock_fd);
    unlink("/tmp/lock");
}

static void
open_writer(void)
{
    close(open("/tmp/fifo", O_WRONLY));
}

static void
opens(void)
{
    pid_t pid;
    int fd;

    unlink("/tmp/fifo");
    check_eq(mkfifo("/tmp/fifo", 0600), 0);
    set_action(0);
    pid = start_poker(NULL);
    check_fails(EINTR, open("/tmp/fifo", O_RDONLY));
    end_poker(pid);
    set_action(SA_RESTART);
    pid = start_poker(open_writer);
    fd = open("/tmp/fifo", O_RDONLY);
    check(fd >= 0);
    end_poker(pid);
    close(fd);
    unlink("/tmp/fifo");
}

/* fork is never interrupted, only begun anew. */
static void
forks(void)
{
    pid_t parent = getpid(), storm;
    int status;

    set_action(0);
    storm = fork();
    if (storm == 0)
        while (kill(parent, SIGUSR1) == 0)
            usleep(200);
    for (int i = 0; i < 100; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(7);
        check(pid > 0);
        while (waitpid(pid, &status, 0) != pid)
            check_eq(errno, EINTR);
        check_eq(status, 7 << 8);
    }
    kill(storm, SIGKILL);
    while (waitpid(storm, &status, 0) != storm)
        check_eq(errno, EINTR);
    check(*handled > 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(reads),
        TAP_CASE(writes),
        TAP_CASE(waits),
        TAP_CASE(sleeps),
        TAP_CASE(pauses),
        TAP_CASE(polls),
        TAP_CASE(polls_with_a_mask),
        TAP_CASE(signal_waits),
        TAP_CASE(locks),
        TAP_CASE(opens),
        TAP_CASE(forks),
    };

    handled = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
