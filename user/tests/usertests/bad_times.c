/* Calls on clocks. */
#include "usertests.h"
#include <time.h>

static const struct timespec negative = {-1, 0};
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
    bad(EFAULT, gettimeofday, NO_PAGE, NULL);
    bad(EFAULT, gettimeofday, NULL, KERNEL_PAGE);
}
