/* Calls on clocks. */
#include "usertests.h"
#include <time.h>

static const struct timespec negative = {-1, 0};
static const int64_t odd_interval[4] = {0, 1000000, 0, 0};
static const struct timespec too_many = {0, 1000000000};

void
bad_times(void)
{
    bad(EINVAL, clock_gettime, 77, buffer);
    bad(EFAULT, clock_gettime, CLOCK_MONOTONIC, NO_PAGE);
    bad(EFAULT, clock_gettime, CLOCK_REALTIME, KERNEL_PAGE);
    bad(EINVAL, clock_getres, 77, buffer);
    bad(EFAULT, clock_getres, CLOCK_MONOTONIC, NO_PAGE);
    bad(EFAULT, nanosleep, NO_PAGE, NULL);
    bad(EINVAL, nanosleep, &negative, NULL);
    bad(EINVAL, nanosleep, &too_many, NULL);
    bad(EINVAL, clock_nanosleep, 77, 0, &too_many, NULL);
    bad(EINVAL, clock_nanosleep, CLOCK_MONOTONIC, 0, &too_many, NULL);
    bad(EFAULT, clock_nanosleep, CLOCK_MONOTONIC, 0, NO_PAGE, NULL);
    bad(EINVAL, getitimer, 3, buffer);
    bad(EFAULT, getitimer, 0, NO_PAGE);
    bad(EINVAL, setitimer, 3, buffer, NULL);
    bad(EFAULT, setitimer, 0, KERNEL_PAGE, NULL);
    bad(EINVAL, setitimer, 0, odd_interval, NULL);
    bad(EINVAL, timer_create, 77, NULL, buffer);
    bad(EFAULT, timer_create, CLOCK_MONOTONIC, NO_PAGE, buffer);
    bad(EFAULT, timer_create, CLOCK_MONOTONIC, NULL, read_only);
    bad(EINVAL, timer_settime, 1000, 0, buffer, NULL);
    bad(EINVAL, timer_gettime, 1000, buffer);
    bad(EINVAL, timer_getoverrun, 1000);
    bad(EINVAL, timer_delete, 1000);
    bad(EFAULT, gettimeofday, NO_PAGE, NULL);
    bad(EFAULT, gettimeofday, NULL, KERNEL_PAGE);
}
