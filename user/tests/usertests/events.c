/* Calls on descriptors that tell of events. */
#include "usertests.h"
#include <time.h>

enum { ADD = 1, DELETE, MODIFY }; /* EPOLL_CTL_* */

struct event {
    uint32_t events;
    uint64_t data;
};

static struct event event = {1, 77}; /* EPOLLIN */
static const int64_t odd_time[4] = {0, 1000000000, 0, 1000000000};

void
bad_events(void)
{
    bad(EINVAL, eventfd2, 0, 0x77);
    bad(EINVAL, epoll_create1, 0x77);
    bad(EBADF, epoll_ctl, FD_NONE, ADD, FD_PIPE_R, &event);
    bad(EINVAL, epoll_ctl, FD_PIPE_R, ADD, FD_PIPE_W, &event);
    bad(EBADF, epoll_pwait, FD_NONE, buffer, 1, 0, NULL, 8);
    bad(EINVAL, epoll_pwait, FD_PIPE_R, buffer, 1, 0, NULL, 8);
    bad(EBADF, epoll_pwait2, FD_NONE, buffer, 1, NULL, NULL, 8);
    bad(EINVAL, timerfd_create, 77, 0);
    bad(EINVAL, timerfd_create, CLOCK_MONOTONIC, 0x77);
    bad(EBADF, timerfd_settime, FD_NONE, 0, buffer, NULL);
    bad(EINVAL, timerfd_settime, FD_FILE, 0, buffer, NULL);
    bad(EFAULT, timerfd_settime, FD_FILE, 0, NO_PAGE, NULL);
    bad(EBADF, timerfd_gettime, FD_NONE, buffer);
    bad(EINVAL, timerfd_gettime, FD_FILE, buffer);
}

static void
counters_count(void)
{
    long fd = call(eventfd2, 5, 0x800); /* EFD_NONBLOCK */
    uint64_t value = 3;

    check_eq(call(write, fd, &value, 8), 8);
    check_eq(call(read, fd, &value, 8), 8);
    check_eq(value, 8);
    check_fails(EAGAIN, call(read, fd, &value, 8));
    check_fails(EINVAL, call(read, fd, &value, 7));
    check_eq(call(close, fd), 0);
}

static void
sets_are_waited_for(void)
{
    long set = call(epoll_create1, 0x80000); /* EPOLL_CLOEXEC */
    struct event got = {0, 0};
    int64_t shortly[2] = {0, 1000};

    check_eq(call(fcntl, set, F_GETFD, 0), FD_CLOEXEC);
    check_eq(call(epoll_ctl, set, ADD, FD_PIPE_R, &event), 0);
    check_fails(EEXIST, call(epoll_ctl, set, ADD, FD_PIPE_R, &event));
    check_fails(EPERM, call(epoll_ctl, set, ADD, FD_FILE, &event));
    check_fails(EFAULT, call(epoll_ctl, set, MODIFY, FD_PIPE_R, NO_PAGE));
    check_fails(EINVAL, call(epoll_pwait, set, &got, 0, 0, NULL, 8));
    check_eq(call(epoll_pwait, set, &got, 1, 0, NULL, 8), 0);
    check_eq(call(epoll_pwait2, set, &got, 1, shortly, NULL, 8), 0);
    check_eq(call(write, FD_PIPE_W, "x", 1), 1);
    check_eq(call(epoll_pwait, set, &got, 1, -1, NULL, 8), 1);
    check(got.events == 1 && got.data == 77);
    check_eq(call(read, FD_PIPE_R, buffer, 9), 1);
    check_eq(call(epoll_ctl, set, DELETE, FD_PIPE_R, NULL), 0);
    check_fails(ENOENT, call(epoll_ctl, set, DELETE, FD_PIPE_R, NULL));
    check_eq(call(close, set), 0);
}

static void
timers_are_read(void)
{
    long fd = call(timerfd_create, CLOCK_MONOTONIC, 0);
    int64_t times[4] = {0, 0, 0, 1000000}, left[4] = {1, 1, 1, 1};
    uint64_t count = 0;

    check_fails(EINVAL, call(timerfd_settime, fd, 0, odd_time, NULL));
    check_eq(call(timerfd_settime, fd, 0, times, NULL), 0);
    check_eq(call(read, fd, &count, 8), 8);
    check_eq(count, 1);
    check_eq(call(timerfd_gettime, fd, left), 0);
    check(left[2] == 0 && left[3] == 0);
    check_eq(call(close, fd), 0);
}

void
good_events(void)
{
    good(counters_count);
    good(sets_are_waited_for);
    good(timers_are_read);
}
