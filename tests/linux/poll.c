/* poll, select and their relatives on pipes, named pipes, files and devices.
 *
 * What waits is woken by a child that first waits itself until the parent is
 * asleep, as /proc says: no test depends on how long anything takes. */
#include "later.h"

/* Bad arguments are the point. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
write_byte(void *arg)
{
    if (write(*(int *)arg, "x", 1) != 1)
        _exit(1);
}

static void
read_all(void *arg)
{
    static char bytes[65536];
    if (read(*(int *)arg, bytes, sizeof bytes) <= 0)
        _exit(1);
}

static int
poll_one(int fd, short events, int timeout)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n = poll(&p, 1, timeout);
    return n < 0 ? -errno : n == 0 ? 0 : (unsigned short)p.revents;
}

static void
fill(int fd)
{
    static char bytes[4096];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
    fcntl(fd, F_SETFL, 0);
}

static void
states_of_a_pipe(void)
{
    int fds[2];
    char c;
    tap_ok(pipe(fds) == 0, "pipe");
    tap_ok(poll_one(fds[0], POLLIN, 0) == 0, "an empty pipe has nothing");
    tap_ok(poll_one(fds[1], POLLOUT | POLLWRNORM, 0) == (POLLOUT | POLLWRNORM),
           "an empty pipe can be written");
    tap_ok(write(fds[1], "x", 1) == 1, "write");
    tap_ok(poll_one(fds[0], POLLIN | POLLRDNORM | POLLOUT, 0) ==
               (POLLIN | POLLRDNORM),
           "a byte can be read");
    tap_ok(read(fds[0], &c, 1) == 1, "read");
    fill(fds[1]);
    tap_ok(poll_one(fds[1], POLLOUT, 0) == 0, "a full pipe cannot be written");
    close(fds[0]);
    tap_ok(poll_one(fds[1], 0, -1) == POLLERR, "no reader: POLLERR unasked");
    close(fds[1]);
    tap_ok(pipe(fds) == 0 && write(fds[1], "x", 1) == 1, "pipe");
    close(fds[1]);
    tap_ok(poll_one(fds[0], POLLIN, -1) == (POLLIN | POLLHUP),
           "no writer: POLLHUP beside what is left");
    close(fds[0]);
}

static void
waits_end(void)
{
    int fds[2], two[2];
    char c;
    tap_ok(pipe(fds) == 0 && pipe(two) == 0, "pipes");
    pid_t pid = later(write_byte, &fds[1]);
    tap_ok(poll_one(fds[0], POLLIN, -1) == POLLIN, "a write ends the wait");
    tap_ok(reap(pid) == 0 && read(fds[0], &c, 1) == 1, "the byte");
    fill(fds[1]);
    pid = later(read_all, &fds[0]);
    tap_ok(poll_one(fds[1], POLLOUT, -1) == POLLOUT, "a read ends the wait");
    tap_ok(reap(pid) == 0, "the reader");
    struct pollfd p[3] = {{.fd = fds[0]},
                          {.fd = -1, .events = POLLIN},
                          {.fd = two[0], .events = POLLIN}};
    pid = later(write_byte, &two[1]);
    tap_ok(poll(p, 3, -1) == 1 && p[2].revents == POLLIN && p[0].revents == 0 &&
               p[1].revents == 0,
           "the second of two queues ends the wait");
    tap_ok(reap(pid) == 0, "the writer");
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(two[i]);
    }
}

static void
many_files(void)
{
    struct pollfd p[200];
    int fds[2];
    tap_ok(pipe(fds) == 0, "pipe");
    for (int i = 0; i < 200; i++)
        p[i] = (struct pollfd){.fd = fds[0], .events = POLLIN};
    pid_t pid = later(write_byte, &fds[1]);
    tap_ok(poll(p, 200, -1) == 200, "200 entries wait on one queue");
    tap_ok(reap(pid) == 0 && p[199].revents == POLLIN, "the last, too");
    close(fds[0]);
    close(fds[1]);
}

static double
seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) +
           (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void
timeouts(void)
{
    struct timespec start, left = {0, 20000000};
    int fds[2];
    tap_ok(pipe(fds) == 0, "pipe");
    clock_gettime(CLOCK_MONOTONIC, &start);
    tap_ok(poll_one(fds[0], POLLIN, 20) == 0, "a timeout of 20 ms");
    tap_ok(seconds_since(&start) >= 0.02, "not sooner");
    clock_gettime(CLOCK_MONOTONIC, &start);
    tap_ok(poll(NULL, 0, 10) == 0 && seconds_since(&start) >= 0.01,
           "a timeout and no files");
    tap_ok(syscall(SYS_ppoll, NULL, 0, &left, NULL, 8) == 0 &&
               left.tv_sec == 0 && left.tv_nsec == 0,
           "nothing is left of it");
    left = (struct timespec){5000, 0};
    pid_t pid = later(write_byte, &fds[1]);
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    tap_ok(syscall(SYS_ppoll, &p, 1, &left, NULL, 8) == 1 &&
               left.tv_sec > 4000 && left.tv_sec < 5000,
           "what is left is told");
    tap_ok(reap(pid) == 0, "the writer");
    close(fds[0]);
    close(fds[1]);
}

static void
bad_arguments(void)
{
    struct pollfd p = {.fd = 77, .events = POLLIN};
    struct timespec bad = {0, 1000000000}, zero = {0, 0};
    struct rlimit files;
    sigset_t set;
    sigemptyset(&set);
    tap_ok(poll(&p, 1, -1) == 1 && p.revents == POLLNVAL, "a closed file");
    p.fd = open("/", O_PATH);
    tap_ok(poll(&p, 1, -1) == 1 && p.revents == POLLNVAL, "O_PATH");
    close(p.fd);
    tap_ok(poll((void *)8, 1, 0) < 0 && errno == EFAULT, "a bad address");
    getrlimit(RLIMIT_NOFILE, &files);
    tap_ok(syscall(SYS_ppoll, (void *)8, files.rlim_cur + 1, &zero, NULL, 8) <
                   0 &&
               errno == EINVAL,
           "too many");
    tap_ok(syscall(SYS_ppoll, NULL, 0, &bad, NULL, 8) < 0 && errno == EINVAL,
           "no such time");
    tap_ok(syscall(SYS_ppoll, NULL, 0, (void *)8, NULL, 8) < 0 &&
               errno == EFAULT,
           "a bad address of a time");
    tap_ok(syscall(SYS_ppoll, NULL, 0, &zero, &set, 7) < 0 && errno == EINVAL,
           "a set of 7 bytes");
    tap_ok(syscall(SYS_ppoll, NULL, 0, &zero, (void *)8, 8) < 0 &&
               errno == EFAULT,
           "a bad address of a set");
    tap_ok(syscall(SYS_pselect6, -1, NULL, NULL, NULL, &zero, NULL) < 0 &&
               errno == EINVAL,
           "less than no files");
    tap_ok(syscall(SYS_pselect6, 1, (void *)8, NULL, NULL, &zero, NULL) < 0 &&
               errno == EFAULT,
           "bad addresses of fd sets");
    fd_set fds;
    FD_ZERO(&fds);
    FD_SET(77, &fds);
    tap_ok(select(78, &fds, NULL, NULL, NULL) < 0 && errno == EBADF,
           "select of a closed file");
}

static void
always_ready(void)
{
    int null = open("/dev/null", O_RDWR),
        file = open("/tmp/f", O_CREAT | O_RDWR, 0600);
    int count = -1;
    tap_ok(poll_one(null, POLLIN | POLLOUT, -1) == (POLLIN | POLLOUT), "null");
    tap_ok(poll_one(file, POLLIN | POLLOUT | POLLPRI, -1) == (POLLIN | POLLOUT),
           "a regular file");
    tap_ok(write(file, "hello", 5) == 5 && lseek(file, 2, SEEK_SET) == 2 &&
               ioctl(file, FIONREAD, &count) == 0 && count == 3,
           "FIONREAD of a regular file");
    close(null);
    close(file);
    unlink("/tmp/f");
}

static void
named_pipe(void)
{
    unlink("/tmp/fifo");
    tap_ok(mkfifo("/tmp/fifo", 0600) == 0, "mkfifo");
    int in = open("/tmp/fifo", O_RDONLY | O_NONBLOCK);
    tap_ok(poll_one(in, POLLIN, 0) == 0, "no writer yet: no POLLHUP");
    int out = open("/tmp/fifo", O_WRONLY);
    tap_ok(poll_one(out, POLLOUT, 0) == POLLOUT, "writable");
    pid_t pid = later(write_byte, &out);
    tap_ok(poll_one(in, POLLIN, -1) == POLLIN && reap(pid) == 0, "a wait");
    close(out);
    tap_ok(poll_one(in, POLLIN, 0) == (POLLIN | POLLHUP), "the writer left");
    close(in);
    unlink("/tmp/fifo");
}

static void
selects(void)
{
    struct timeval tv = {0, 0};
    fd_set in, out, except;
    int fds[2];
    tap_ok(pipe(fds) == 0, "pipe");
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    FD_SET(fds[0], &in);
    FD_SET(fds[1], &out);
    FD_SET(fds[0], &except);
    tap_ok(select(fds[1] + 1, &in, &out, &except, &tv) == 1 &&
               !FD_ISSET(fds[0], &in) && FD_ISSET(fds[1], &out) &&
               !FD_ISSET(fds[0], &except),
           "an empty pipe");
    FD_SET(fds[0], &in);
    pid_t pid = later(write_byte, &fds[1]);
    tap_ok(select(fds[1] + 1, &in, NULL, NULL, NULL) == 1 &&
               FD_ISSET(fds[0], &in) && reap(pid) == 0,
           "a wait");
    tap_ok(select(fds[1] + 1, &in, &out, NULL, NULL) == 2, "two at once");
    close(fds[1]);
    tap_ok(read(fds[0], &tv, 1) == 1, "read");
    FD_SET(fds[0], &in);
    tap_ok(select(fds[0] + 1, &in, NULL, NULL, NULL) == 1, "end of file");
    int high = fcntl(fds[0], F_DUPFD, 1000);
    FD_ZERO(&in);
    FD_SET(high, &in);
    tap_ok(high == 1000 && select(1024, &in, NULL, NULL, NULL) == 1 &&
               FD_ISSET(high, &in),
           "a high number");
    close(high);
    close(fds[0]);
}

static void
sizes_of_pipes(void)
{
    int fds[2], count = 0;
    static char bytes[8192];
    tap_ok(pipe(fds) == 0, "pipe");
    tap_ok(fcntl(fds[0], F_GETPIPE_SZ) == 65536, "64 KiB");
    tap_ok(fcntl(fds[1], F_SETPIPE_SZ, 5000) == 8192, "rounded up");
    fill(fds[1]);
    tap_ok(ioctl(fds[0], FIONREAD, &count) == 0 && count == 8192, "that much");
    tap_ok(fcntl(fds[1], F_SETPIPE_SZ, 4096) < 0 && errno == EBUSY, "in use");
    tap_ok(fcntl(fds[1], F_SETPIPE_SZ, 65536) == 65536 &&
               poll_one(fds[1], POLLOUT, 0) == POLLOUT &&
               read(fds[0], bytes, 8192) == 8192,
           "room again");
    tap_ok(fcntl(fds[1], F_SETPIPE_SZ, 1 << 30) < 0 && errno == EPERM,
           "too large");
    tap_ok(fcntl(0, F_GETPIPE_SZ) < 0 && errno == EBADF, "no pipe");
    close(fds[0]);
    close(fds[1]);
    tap_ok(pipe2(fds, O_DIRECT) < 0 && errno == EINVAL, "no packets");
}

static volatile sig_atomic_t handled;

static void
count(int sig)
{
    (void)sig;
    handled++;
}

static void
signal_parent(void *arg)
{
    kill(getppid(), *(int *)arg);
}

static bool
is_blocked(int sig)
{
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, sig);
}

/* A signal that only the wait lets through ends it, though its action is to
 * restart calls; one that is blocked, or ignored, does not. */
static void
signals(void)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    int fds[2], usr = SIGUSR1;
    sigset_t none, set;
    char c;
    tap_ok(pipe(fds) == 0, "pipe");
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaction(SIGUSR1, &action, NULL);
    pid_t pid = later(signal_parent, &usr);
    tap_ok(poll(&p, 1, -1) < 0 && errno == EINTR && handled == 1 &&
               reap(pid) == 0,
           "a handler ends poll");
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid = later(signal_parent, &usr);
    tap_ok(ppoll(&p, 1, NULL, &none) < 0 && errno == EINTR && handled == 2 &&
               is_blocked(SIGUSR1) && reap(pid) == 0,
           "one that only ppoll lets through");
    fd_set in;
    FD_ZERO(&in);
    FD_SET(fds[0], &in);
    pid = later(signal_parent, &usr);
    tap_ok(pselect(fds[0] + 1, &in, NULL, NULL, NULL, &none) < 0 &&
               errno == EINTR && handled == 3 && is_blocked(SIGUSR1) &&
               reap(pid) == 0,
           "one that only pselect lets through");
    kill(getpid(), SIGUSR1);
    tap_ok(write(fds[1], "x", 1) == 1 && ppoll(&p, 1, NULL, &set) == 1 &&
               handled == 3 && read(fds[0], &c, 1) == 1,
           "one that stays blocked");
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    tap_ok(handled == 4, "until it is let through");
    close(fds[0]);
    close(fds[1]);
}

/* Two processes hand a byte round through polls: a lost wake-up would hang. */
static void
ping_pong(void)
{
    int there[2], back[2];
    char c = 'x';
    tap_ok(pipe(there) == 0 && pipe(back) == 0, "pipes");
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 300; i++)
            if (poll_one(there[0], POLLIN, -1) != POLLIN ||
                read(there[0], &c, 1) != 1 || write(back[1], &c, 1) != 1)
                _exit(1);
        _exit(0);
    }
    bool fine = true;
    for (int i = 0; i < 300 && fine; i++)
        fine = write(there[1], &c, 1) == 1 &&
               poll_one(back[0], POLLIN, -1) == POLLIN &&
               read(back[0], &c, 1) == 1;
    tap_ok(fine && reap(pid) == 0, "300 rounds");
}

static const struct tap_case cases[] = {
    TAP_CASE(states_of_a_pipe), TAP_CASE(waits_end),
    TAP_CASE(many_files),       TAP_CASE(timeouts),
    TAP_CASE(bad_arguments),    TAP_CASE(always_ready),
    TAP_CASE(named_pipe),       TAP_CASE(selects),
    TAP_CASE(sizes_of_pipes),   TAP_CASE(signals),
    TAP_CASE(ping_pong),
};

int
main(void)
{
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
