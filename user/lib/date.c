#include <time.h>
#include <stdbool.h>

#define DAY 86400

static bool
is_leap(long year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int month, long year)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month] + (month == 1 && is_leap(year));
}

/* Days from 1970 to the first day of year. */
static long
year_start(long year)
{
    long y = year - 1;

    /* Rounds down for years before 1 too. */
    long leaps =
        (y >= 0 ? y / 4 - y / 100 + y / 400
                : -((-y + 3) / 4 - (-y + 99) / 100 + (-y + 399) / 400));
    return 365 * (year - 1970) + leaps - 477;
}

struct tm *
gmtime_r(const time_t *now, struct tm *to)
{
    long second = (*now % DAY + DAY) % DAY;
    long day = (*now - second) / DAY;
    long year = 1970 + day / 366;

    while (day >= year_start(year + 1))
        year++;
    while (day < year_start(year))
        year--;
    to->tm_year = (int)(year - 1900);
    to->tm_wday = (int)(((day + 4) % 7 + 7) % 7);
    to->tm_yday = (int)(day - year_start(year));
    to->tm_mday = to->tm_yday + 1;
    for (to->tm_mon = 0; to->tm_mday > month_days(to->tm_mon, year);
         to->tm_mon++)
        to->tm_mday -= month_days(to->tm_mon, year);
    to->tm_hour = (int)(second / 3600);
    to->tm_min = (int)(second / 60 % 60);
    to->tm_sec = (int)(second % 60);
    to->tm_isdst = 0;
    return to;
}

struct tm *
gmtime(const time_t *now)
{
    static struct tm date;

    return gmtime_r(now, &date);
}

struct tm *
localtime(const time_t *now)
{
    return gmtime(now);
}

time_t
timegm(const struct tm *date)
{
    long year = date->tm_year + 1900l;
    long day = year_start(year) + date->tm_mday - 1;

    for (int month = 0; month < date->tm_mon; month++)
        day += month_days(month, year);
    return day * DAY + date->tm_hour * 3600l + date->tm_min * 60l +
           date->tm_sec;
}
