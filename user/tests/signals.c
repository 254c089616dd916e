/* What signals do to processes and groups, and to calls they interrupt. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <prog.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define MS            1000000ll
#define SLEEP_MS      2000
#define WAS_CONTINUED 0xffff /* the status that WCONTINUED reports */

static int64_t
now_ns(void)
{
    struct timespec t = {0};

    check_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* ---- Default actions ---- */

enum action { IS_IGNORED, STOPS, ENDS };

static enum action
default_action(int number)
{
    switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return IS_IGNORED;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return STOPS;
    default:
        return ENDS;
    }
}

/* Sends number to a child that then reads from fds and exits with 5. */
static void
check_default_action(int number, const int fds[2])
{
    enum action action = default_action(number);
    int status = 0;
    char byte;
    pid_t pid = fork();

    if (pid == 0)
        _exit(read(fds[0], &byte, 1) == 1 ? 5 : 6);
    check_eq(setpgid(pid, 0), 0); /* nothing stops it among orphans */
    check_eq(kill(pid, number), 0);
    if (action == STOPS) {
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        check_eq(status, number << 8 | 0x7f);
        check_eq(kill(pid, SIGCONT), 0);
    }
    if (action != ENDS)
        check_eq(write(fds[1], "x", 1), 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, action == ENDS ? number : 5 << 8);
}

static void
default_actions(void)
{
    int fds[2];

    check_eq(pipe(fds), 0);
    for (int number = 1; number <= NSIG; number++)
        check_default_action(number, fds);
    close(fds[0]);
    close(fds[1]);
}

static void
signal_64(void)
{
    sigset_t set, old;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        sigemptyset(&set);
        sigaddset(&set, 64);
        if (signal(64, SIG_IGN) != SIG_DFL || raise(64) != 0 ||
            signal(64, SIG_DFL) != SIG_IGN)
            _exit(1);
        if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || raise(64) != 0)
            _exit(2);
        if (sigprocmask(SIG_UNBLOCK, &set, &old) != 0 || old != set)
            _exit(3);
        _exit(4);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check(WIFSIGNALED(status));
    check_eq(WTERMSIG(status), 64);
    check_fails(EINVAL, kill(getpid(), 65));
}

/* ---- Groups ---- */

/* Starts a child that holds fd open until a signal ends it. */
static void
start_holder(void)
{
    if (fork() == 0)
        for (;;)
            sleep(1000);
}

/* Waits for each child; returns how many of them were ended by number. */
static int
count_ended_by(int number)
{
    int count = 0, status;

    while (wait(&status) > 0)
        count += WIFSIGNALED(status) && WTERMSIG(status) == number;
    check_eq(errno, ECHILD);
    return count;
}

static void
kill_0_reaches_the_own_group(void)
{
    pid_t stranger = fork();

    if (stranger == 0)
        for (;;)
            sleep(1000);
    if (fork() == 0) {
        check_eq(setpgid(0, 0), 0);
        start_holder();
        start_holder();
        kill(0, SIGTERM);
        _exit(1);
    }
    /* The leader, and its children, who are init's now. */
    for (int i = 0; i < 3; i++) {
        int status = 0;
        check(wait(&status) != stranger);
        check_eq(status, SIGTERM);
    }
    check_eq(kill(stranger, SIGKILL), 0);
    check_eq(count_ended_by(SIGKILL), 1);
}

static void
kill_all_spares_init_and_the_sender(void)
{
    int status;
    pid_t sender;

    check_fails(ESRCH, kill(-1, 0));
    start_holder();
    start_holder();
    sender = fork();
    if (sender == 0) {
        setpgid(0, 0);
        start_holder();
        _exit(kill(-1, SIGTERM) == 0 ? 7 : 8);
    }
    check_eq(waitpid(sender, &status, 0), sender);
    check_eq(status, 7 << 8);
    check_eq(count_ended_by(SIGTERM), 3);
}

/* Leads a group in which processes are born all the time. They would end with
 * status 0 when nobody writes to the pipe any more. */
static void
fork_for_ever(const int fds[2])
{
    char byte;

    setpgid(0, 0);
    close(fds[1]);
    for (;;)
        if (fork() == 0)
            _exit(read(fds[0], &byte, 1) != 0);
}

static void
no_child_slips_past_a_killed_group(void)
{
    for (int round = 0; round < 100; round++) {
        int fds[2], status;
        check_eq(pipe(fds), 0);
        pid_t leader = fork();
        if (leader == 0)
            fork_for_ever(fds);
        setpgid(leader, leader);
        usleep(1000 + (unsigned)round * 37 % 1000);
        check_eq(kill(-leader, SIGKILL), 0);
        close(fds[0]);
        close(fds[1]);
        while (wait(&status) > 0)
            check_eq(status, SIGKILL);
    }
}

static void
no_group_is_the_opposite_of_int_min(void)
{
    int status;

    check_fails(ESRCH, kill(INT_MIN, SIGTERM));
    check_fails(ESRCH, kill(INT_MIN, 0));
    check_fails(ESRCH, waitpid(INT_MIN, &status, WNOHANG));
}

/* ---- Stopping ---- */

/* Waits until the child sleeps in a call, as /proc tells its state. */
static void
await_sleeping(pid_t pid)
{
    char path[32], text[256], *state = NULL;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    do {
        usleep(1000); /* between two looks */
        check(prog_read_text(path, text, sizeof(text)));
        state = strrchr(text, ')');
    } while (state && state[2] == 'R');
    check(state && state[2] == 'S');
}

/* Stops a child for so long and lets it go on; checks how both show. */
static void
stop_and_continue(pid_t pid, unsigned ms)
{
    int status = 0;

    check_eq(kill(pid, SIGSTOP), 0);
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check_eq(status, SIGSTOP << 8 | 0x7f);
    check_eq(waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
    usleep(ms * 1000);
    check_eq(kill(pid, SIGCONT), 0);
    check_eq(waitpid(pid, &status, WCONTINUED), pid);
    check_eq(status, WAS_CONTINUED);
    check_eq(waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
}

static void
sleep_survives_a_stop(void)
{
    const struct timespec time = {.tv_sec = SLEEP_MS / 1000};
    int status, slept[2], release[2];
    int64_t from, took;
    char byte;
    pid_t pid;

    check_eq(pipe(slept), 0);
    check_eq(pipe(release), 0);
    from = now_ns();
    pid = fork();
    if (pid == 0) {
        close(release[1]);
        if (nanosleep(&time, NULL) < 0 || write(slept[1], "", 1) != 1)
            _exit(errno);
        /* Is there until the parent has looked at how it was continued. */
        _exit(read(release[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(slept[1]);
    await_sleeping(pid);
    stop_and_continue(pid, 10);
    await_sleeping(pid);
    stop_and_continue(pid, SLEEP_MS);
    check_eq(read(slept[0], &byte, 1), 1);
    took = now_ns() - from;
    close(release[1]);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    /* The second stop outlasted the sleep: had that begun anew, it would
     * have taken twice as long. */
    check(took >= SLEEP_MS * MS);
    check(took < 2 * SLEEP_MS * MS);
    close(slept[0]);
    close(release[0]);
}

static void
pipe_read_survives_a_stop(void)
{
    char text[4] = "";
    int fds[2], status;
    pid_t pid;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        ssize_t n = read(fds[0], text, sizeof(text));
        _exit(n == 2 && memcmp(text, "hi", 2) == 0 ? 0 : errno | 0x80);
    }
    await_sleeping(pid);
    stop_and_continue(pid, 20);
    await_sleeping(pid);
    check_eq(write(fds[1], "hi", 2), 2);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    close(fds[0]);
    close(fds[1]);
}

/* ---- Calls that take long ---- */

#define LARGE   (1ul << 20)
#define ENTRIES 1024

static void
ask_for_random_bytes(char *to)
{
    syscall(SYS_getrandom, to, 100 * LARGE, 0);
}

/* 1 GiB, all of it the same few pages. */
static const struct iovec *
gigabyte(char *pages)
{
    static struct iovec vectors[ENTRIES];

    for (int i = 0; i < ENTRIES; i++)
        vectors[i] = (struct iovec){.iov_base = pages, .iov_len = LARGE};
    return vectors;
}

static void
read_zeros(char *to)
{
    readv(open("/dev/zero", O_RDONLY), gigabyte(to), ENTRIES);
}

static void
read_random(char *to)
{
    readv(open("/dev/urandom", O_RDONLY), gigabyte(to), ENTRIES);
}

static void
write_random(char *from)
{
    writev(open("/dev/urandom", O_WRONLY), gigabyte(from), ENTRIES);
}

static void
check_ends_promptly(void (*body)(char *buffer))
{
    char *buffer = mmap(NULL, 100 * LARGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    int64_t from;
    pid_t pid = fork();

    if (pid == 0) {
        body(buffer);
        _exit(1);
    }
    usleep(50000);
    from = now_ns();
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGKILL);
    check(now_ns() - from < 3000 * MS); /* the calls would take far longer */
    munmap(buffer, 100 * LARGE);
}

static void
kill_ends_long_calls(void)
{
    check_ends_promptly(ask_for_random_bytes);
    check_ends_promptly(read_zeros);
    check_ends_promptly(read_random);
    check_ends_promptly(write_random);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(default_actions),
        TAP_CASE(signal_64),
        TAP_CASE(kill_0_reaches_the_own_group),
        TAP_CASE(kill_all_spares_init_and_the_sender),
        TAP_CASE(no_child_slips_past_a_killed_group),
        TAP_CASE(no_group_is_the_opposite_of_int_min),
        TAP_CASE(sleep_survives_a_stop),
        TAP_CASE(pipe_read_survives_a_stop),
        TAP_CASE(kill_ends_long_calls),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
