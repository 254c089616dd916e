/* epoll, eventfd and timerfd. */
#include "later.h"

/* Bad arguments are the point. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

static int
control(int epoll, int op, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)fd + 7};
    return epoll_ctl(epoll, op, fd, &event) == 0 ? 0 : -errno;
}

/* The events of the one file that is ready now; 0 if none is. */
static uint32_t
look(int epoll, int fd)
{
    struct epoll_event events[4];
    int n = epoll_wait(epoll, events, 4, 0);
    if (n == 1 && events[0].data.u64 == (uint64_t)fd + 7)
        return events[0].events;
    return n == 0 ? 0 : 0xdead;
}

static bool
put(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool
take(int fd, size_t n)
{
    char text[64];
    return read(fd, text, n) == (ssize_t)n;
}

static void
level(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC), fds[2];
    tap_ok(epoll >= 0 && pipe(fds) == 0, "epoll_create1");
    tap_ok(fcntl(epoll, F_GETFD) == FD_CLOEXEC, "EPOLL_CLOEXEC");
    tap_ok(control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN) == 0, "added");
    tap_ok(look(epoll, fds[0]) == 0, "nothing yet");
    tap_ok(put(fds[1], "ab") && look(epoll, fds[0]) == EPOLLIN &&
               look(epoll, fds[0]) == EPOLLIN,
           "ready as long as it is");
    tap_ok(take(fds[0], 2) && look(epoll, fds[0]) == 0, "and no longer");
    tap_ok(control(epoll, EPOLL_CTL_MOD, fds[0], EPOLLPRI) == 0 &&
               put(fds[1], "x") && look(epoll, fds[0]) == 0,
           "other events");
    close(fds[1]);
    tap_ok(look(epoll, fds[0]) == EPOLLHUP, "EPOLLHUP unasked");
    tap_ok(control(epoll, EPOLL_CTL_DEL, fds[0], 0) == 0 &&
               look(epoll, fds[0]) == 0,
           "taken off");
    close(fds[0]);
    close(epoll);
}

static void
edge(void)
{
    int epoll = epoll_create1(0), fds[2];
    tap_ok(pipe(fds) == 0, "pipe");
    tap_ok(put(fds[1], "a") &&
               control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET) == 0,
           "added");
    tap_ok(look(epoll, fds[0]) == EPOLLIN, "ready when it was added");
    tap_ok(look(epoll, fds[0]) == 0, "reported once");
    tap_ok(put(fds[1], "bc") && look(epoll, fds[0]) == EPOLLIN &&
               look(epoll, fds[0]) == 0,
           "once for each event");
    tap_ok(take(fds[0], 1) && look(epoll, fds[0]) == 0, "a read is none");
    tap_ok(control(epoll, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLET) == 0 &&
               look(epoll, fds[0]) == EPOLLIN,
           "changed: reported again");
    close(fds[0]);
    close(fds[1]);
    close(epoll);
}

static void
oneshot(void)
{
    int epoll = epoll_create1(0), fds[2];
    tap_ok(pipe(fds) == 0 && put(fds[1], "a"), "pipe");
    control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLONESHOT);
    tap_ok(look(epoll, fds[0]) == EPOLLIN, "once");
    close(fds[1]);
    tap_ok(look(epoll, fds[0]) == 0, "then no more");
    tap_ok(control(epoll, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT) == 0 &&
               look(epoll, fds[0]) == (EPOLLIN | EPOLLHUP),
           "until it is changed");
    close(fds[0]);
    close(epoll);
}

/* One file on two lists, each of which goes: the other still tells of it. */
static void
lists_go(void)
{
    int one = epoll_create1(0), two = epoll_create1(0), fds[2], others[2];
    tap_ok(pipe(fds) == 0 && pipe(others) == 0 && put(fds[1], "a"), "pipes");
    control(one, EPOLL_CTL_ADD, fds[0], EPOLLIN);
    control(two, EPOLL_CTL_ADD, fds[0], EPOLLIN);
    control(two, EPOLL_CTL_ADD, others[0], EPOLLIN);
    close(one);
    tap_ok(look(two, fds[0]) == EPOLLIN, "a list goes before its file");
    one = epoll_create1(0);
    tap_ok(control(one, EPOLL_CTL_ADD, fds[0], EPOLLIN) == 0 &&
               look(one, fds[0]) == EPOLLIN,
           "on a list again");
    close(fds[0]);
    tap_ok(put(others[1], "b") && look(two, others[0]) == EPOLLIN,
           "a file goes, the others stay");
    tap_ok(look(one, fds[0]) == 0, "a list of nothing");
    close(two);
    close(one);
    close(fds[1]);
    close(others[0]);
    close(others[1]);
}

static void
errors(void)
{
    int epoll = epoll_create1(0), fds[2], file = open("/", O_RDONLY);
    struct epoll_event event;
    tap_ok(pipe(fds) == 0, "pipe");
    tap_ok(epoll_create1(1) < 0 && errno == EINVAL, "flags");
    tap_ok(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN) == -EPERM, "a folder");
    tap_ok(control(epoll, EPOLL_CTL_ADD, 77, EPOLLIN) == -EBADF, "no file");
    tap_ok(control(fds[0], EPOLL_CTL_ADD, fds[1], EPOLLIN) == -EINVAL,
           "no epoll");
    tap_ok(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN) == -EINVAL, "itself");
    tap_ok(control(epoll, EPOLL_CTL_MOD, fds[0], EPOLLIN) == -ENOENT, "none");
    tap_ok(control(epoll, EPOLL_CTL_DEL, fds[0], EPOLLIN) == -ENOENT, "none");
    tap_ok(control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN) == 0 &&
               control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN) == -EEXIST,
           "twice");
    tap_ok(control(epoll, 9, fds[0], EPOLLIN) == -EINVAL, "no such request");
    tap_ok(epoll_ctl(epoll, EPOLL_CTL_MOD, fds[0], (void *)8) < 0 &&
               errno == EFAULT,
           "a bad address");
    tap_ok(epoll_wait(epoll, &event, 0, 0) < 0 && errno == EINVAL, "no room");
    tap_ok(put(fds[1], "x") && epoll_wait(epoll, (void *)8, 1, 0) < 0 &&
               errno == EFAULT,
           "a bad address");
    tap_ok(epoll_wait(fds[0], &event, 1, 0) < 0 && errno == EINVAL, "no epoll");
    close(fds[0]);
    close(fds[1]);
    close(file);
    close(epoll);
}

static void
write_one(void *arg)
{
    if (!put(*(int *)arg, "x"))
        _exit(1);
}

static void
waits(void)
{
    int epoll = epoll_create1(0), fds[2], two[2];
    struct epoll_event events[4];
    struct pollfd p = {.fd = epoll, .events = POLLIN};
    tap_ok(pipe(fds) == 0 && pipe(two) == 0, "pipes");
    control(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN);
    control(epoll, EPOLL_CTL_ADD, two[0], EPOLLIN);
    pid_t pid = later(write_one, &two[1]);
    tap_ok(epoll_wait(epoll, events, 4, -1) == 1 && reap(pid) == 0 &&
               events[0].data.u64 == (uint64_t)two[0] + 7,
           "a write ends the wait");
    tap_ok(poll(&p, 1, 0) == 1 && take(two[0], 1) && poll(&p, 1, 0) == 0,
           "an epoll can be polled");
    pid = later(write_one, &fds[1]);
    tap_ok(poll(&p, 1, -1) == 1 && p.revents == POLLIN && reap(pid) == 0,
           "and waited for");
    tap_ok(put(two[1], "x") && epoll_wait(epoll, events, 1, 0) == 1, "one");
    uint64_t first = events[0].data.u64;
    tap_ok(epoll_wait(epoll, events, 1, 0) == 1 && events[0].data.u64 != first,
           "then the other");
    tap_ok(take(fds[0], 1) && take(two[0], 1) &&
               epoll_wait(epoll, events, 4, 10) == 0,
           "a timeout");
    close(fds[0]);
    close(fds[1]);
    tap_ok(look(epoll, fds[0]) == 0, "a closed file is off the list");
    close(two[0]);
    close(two[1]);
    close(epoll);
}

/* A list on a list; a descriptor that was closed, its file not. */
static void
nested(void)
{
    int outer = epoll_create1(0), inner = epoll_create1(0), fds[2];
    tap_ok(pipe(fds) == 0, "pipe");
    tap_ok(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN) == 0, "a list");
    tap_ok(control(inner, EPOLL_CTL_ADD, outer, EPOLLIN) == -ELOOP, "a circle");
    tap_ok(control(inner, EPOLL_CTL_ADD, fds[0], EPOLLIN) == 0, "a pipe");
    tap_ok(look(outer, inner) == 0, "nothing yet");
    pid_t pid = later(write_one, &fds[1]);
    struct epoll_event event;
    tap_ok(epoll_wait(outer, &event, 1, -1) == 1 && event.events == EPOLLIN &&
               reap(pid) == 0,
           "a write ends the wait");
    int copy = dup(fds[0]), number = fds[0];
    close(fds[0]);
    tap_ok(look(inner, number) == EPOLLIN, "there as long as the file is");
    close(copy);
    tap_ok(look(inner, number) == 0, "and no longer");
    close(inner);
    tap_ok(look(outer, inner) == 0, "the list, too");
    close(fds[1]);
    close(outer);
}

static void
event_counts(void)
{
    int fd = eventfd(3, EFD_NONBLOCK), semaphore = eventfd(2, EFD_SEMAPHORE);
    uint64_t n = 0, most = UINT64_MAX - 1;
    struct stat st;
    tap_ok(read(fd, &n, 8) == 8 && n == 3, "the count");
    tap_ok(read(fd, &n, 8) < 0 && errno == EAGAIN, "is taken");
    n = 5;
    tap_ok(write(fd, &n, 8) == 8 && write(fd, &n, 8) == 8 &&
               read(fd, &n, 8) == 8 && n == 10,
           "writes add up");
    tap_ok(read(fd, &n, 7) < 0 && errno == EINVAL, "a short read");
    tap_ok(write(fd, &n, 7) < 0 && errno == EINVAL, "a short write");
    n = UINT64_MAX;
    tap_ok(write(fd, &n, 8) < 0 && errno == EINVAL, "too much");
    tap_ok(write(fd, &most, 8) == 8 && write(fd, &most, 8) < 0 &&
               errno == EAGAIN,
           "full");
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    tap_ok(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "polled");
    tap_ok(read(semaphore, &n, 8) == 8 && n == 1 &&
               read(semaphore, &n, 8) == 8 && n == 1,
           "a semaphore gives one at a time");
    tap_ok(lseek(fd, 0, SEEK_SET) != 1 && fstat(fd, &st) == 0, "described");
    tap_ok(eventfd(0, 8) < 0 && errno == EINVAL, "flags");
    close(fd);
    close(semaphore);
}

static void
add_one(void *arg)
{
    uint64_t one = 1;
    if (write(*(int *)arg, &one, 8) != 8)
        _exit(1);
}

static void
event_wait(void)
{
    int fd = eventfd(0, 0), epoll = epoll_create1(0);
    struct epoll_event event;
    uint64_t n = 0;
    pid_t pid = later(add_one, &fd);
    tap_ok(read(fd, &n, 8) == 8 && n == 1 && reap(pid) == 0, "a read waits");
    control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
    pid = later(add_one, &fd);
    tap_ok(epoll_wait(epoll, &event, 1, -1) == 1 && reap(pid) == 0, "epoll");
    close(fd);
    close(epoll);
}

static void
timers(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec set = {.it_value = {0, 10000000}}, got;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t n = 0;
    tap_ok(fd >= 0 && read(fd, &n, 8) < 0 && errno == EAGAIN, "off");
    tap_ok(timerfd_settime(fd, 0, &set, NULL) == 0 && poll(&p, 1, -1) == 1 &&
               read(fd, &n, 8) == 8 && n == 1,
           "once");
    tap_ok(timerfd_gettime(fd, &got) == 0 && got.it_value.tv_nsec == 0,
           "off again");
    set.it_interval.tv_nsec = 1000000;
    tap_ok(timerfd_settime(fd, 0, &set, NULL) == 0, "every millisecond");
    for (uint64_t sum = 0; sum < 20; sum += n)
        if (poll(&p, 1, -1) != 1 || read(fd, &n, 8) != 8 || n == 0) {
            tap_ok(false, "an expiration");
            break;
        }
    set = (struct itimerspec){.it_value = {5000, 0}};
    tap_ok(timerfd_settime(fd, 0, &set, &got) == 0 &&
               got.it_interval.tv_nsec == 1000000,
           "what it was");
    tap_ok(timerfd_gettime(fd, &got) == 0 && got.it_value.tv_sec >= 4990 &&
               got.it_value.tv_sec <= 5000 && got.it_interval.tv_nsec == 0,
           "what is left");
    set.it_value = (struct timespec){0, 1};
    tap_ok(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL) == 0 &&
               read(fd, &n, 8) == 8 && n == 1,
           "a time that has passed");
    close(fd);
}

static void
timer_errors(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC), other = eventfd(0, 0);
    struct itimerspec set = {.it_value = {0, 1000000000}};
    uint64_t n;
    tap_ok(timerfd_create(77, 0) < 0 && errno == EINVAL, "clock");
    tap_ok(timerfd_create(CLOCK_REALTIME, 1) < 0 && errno == EINVAL, "flags");
    tap_ok(timerfd_settime(fd, 0, &set, NULL) < 0 && errno == EINVAL, "time");
    set.it_value.tv_nsec = 1;
    tap_ok(timerfd_settime(other, 0, &set, NULL) < 0 && errno == EINVAL,
           "no timer");
    tap_ok(timerfd_settime(77, 0, &set, NULL) < 0 && errno == EBADF, "file");
    tap_ok(write(fd, &n, 8) < 0 && errno == EINVAL, "written");
    clock_gettime(CLOCK_REALTIME, &set.it_value);
    set.it_value.tv_nsec = 0;
    tap_ok(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL) == 0 &&
               read(fd, &n, 8) == 8 && n == 1,
           "real time");
    close(fd);
    close(other);
}

static const struct tap_case cases[] = {
    TAP_CASE(level),    TAP_CASE(edge),         TAP_CASE(oneshot),
    TAP_CASE(lists_go), TAP_CASE(errors),       TAP_CASE(waits),
    TAP_CASE(nested),   TAP_CASE(event_counts), TAP_CASE(event_wait),
    TAP_CASE(timers),   TAP_CASE(timer_errors),
};

int
main(void)
{
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
