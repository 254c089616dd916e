/* Clocks, sleeping and dates (in UTC: there are no time zones). */
#pragma once

#include "abi/time.h"
#include <sys/types.h>

struct tm {
    int tm_sec;  /* 0 to 60 */
    int tm_min;  /* 0 to 59 */
    int tm_hour; /* 0 to 23 */
    int tm_mday; /* 1 to 31 */
    int tm_mon;  /* 0 to 11 */
    int tm_year; /* from 1900 */
    int tm_wday; /* 0 is Sunday */
    int tm_yday; /* 0 to 365 */
    int tm_isdst;
};

/* -1 with errno set on failure. */
int clock_gettime(clockid_t clock, struct timespec *to);
int clock_getres(clockid_t clock, struct timespec *to);
int nanosleep(const struct timespec *time, struct timespec *left);

/* Seconds since 1970; stored to *to too unless it is NULL. */
time_t time(time_t *to);

struct tm *gmtime_r(const time_t *time, struct tm *to);
struct tm *gmtime(const time_t *time);
struct tm *localtime(const time_t *time);
time_t timegm(const struct tm *date);

/* Understands %a %A %b %B %c %d %D %e %F %H %I %j %m %M %n %p %s %S %t %T %u
 * %w %y %Y %Z %z %%. Returns the length without the terminator, or 0 if it
 * does not fit. */
size_t strftime(char *to, size_t size, const char *format,
                const struct tm *date);
