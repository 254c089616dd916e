/* Times that system calls are given, and give.
 *
 * Owns nothing. Thread context, may block. */
#pragma once

#include "abi/time.h"
#include "proc/itimer.h"

#define NS_PER_S 1000000000ll

/* Read and write a struct timespec that is a span of time; one that would
 * overflow means "for ever". Return 0, -EFAULT, -EINVAL. */
int timespec_arg_read(uint64_t user, uint64_t *ns) MUST_CHECK;
int timespec_arg_write(uint64_t user, uint64_t ns) MUST_CHECK;

/* The same for an interval and a value, whose fractions count `unit`
 * nanoseconds. What is written is rounded up: a timer that runs does not look
 * as if it were off. */
int setting_arg_read(uint64_t user, int64_t unit,
                     struct itimer_setting *setting) MUST_CHECK;
int setting_arg_write(uint64_t user, int64_t unit,
                      const struct itimer_setting *setting) MUST_CHECK;

/* Whether timers can go by clock. */
static inline bool
is_timer_clock(uint64_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_BOOTTIME;
}
