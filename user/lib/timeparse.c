#include <timeparse.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Takes a number of count digits off *s; -1 if there are fewer. */
static int
digits(const char **s, int count)
{
    int n = 0;

    for (; count > 0; count--, ++*s) {
        if (!isdigit(**s))
            return -1;
        n = n * 10 + (**s - '0');
    }
    return n;
}

static bool
take(const char **s, char c)
{
    if (**s != c)
        return false;
    ++*s;
    return true;
}

/* Takes ".5" and the like off *s, if it is there. */
static bool
fraction(const char **s, int64_t *nanoseconds)
{
    int64_t unit = 100000000;

    *nanoseconds = 0;
    if (!take(s, '.') && !take(s, ','))
        return true;
    if (!isdigit(**s))
        return false;
    for (; isdigit(**s); ++*s, unit /= 10)
        *nanoseconds += (**s - '0') * unit;
    return true;
}

/* Whether d names a day and a time that exist; then they go to *to. */
static bool
finish(const struct tm *d, struct timespec *to)
{
    struct tm back;

    to->tv_sec = timegm(d);
    gmtime_r(&to->tv_sec, &back);
    return d->tm_mon >= 0 && d->tm_mon < 12 && d->tm_mday == back.tm_mday &&
           d->tm_mon == back.tm_mon && d->tm_hour == back.tm_hour &&
           d->tm_min == back.tm_min && d->tm_sec == back.tm_sec;
}

static bool
parse_clock(const char **s, struct tm *d, int64_t *nanoseconds)
{
    d->tm_hour = digits(s, 2);
    if (d->tm_hour < 0 || !take(s, ':') || (d->tm_min = digits(s, 2)) < 0)
        return false;
    if (!take(s, ':'))
        return true;
    return (d->tm_sec = digits(s, 2)) >= 0 && fraction(s, nanoseconds);
}

static bool
parse_date(const char *s, struct timespec *to)
{
    struct tm d = {0};

    to->tv_nsec = 0;
    d.tm_year = digits(&s, 4) - 1900;
    if (d.tm_year < -1900 || !take(&s, '-'))
        return false;
    d.tm_mon = digits(&s, 2) - 1;
    if (d.tm_mon < 0 || !take(&s, '-') || (d.tm_mday = digits(&s, 2)) < 0)
        return false;
    if ((*s == ' ' || *s == 'T') && isdigit(s[1])) {
        s++;
        if (!parse_clock(&s, &d, &to->tv_nsec))
            return false;
    }
    if (*s && strcmp(s, "Z") != 0 && strcmp(s, " UTC") != 0)
        return false;
    return finish(&d, to);
}

bool
time_parse(const char *text, struct timespec *to)
{
    char *end;

    if (strcmp(text, "now") == 0)
        return clock_gettime(CLOCK_REALTIME, to) == 0;
    if (*text != '@')
        return parse_date(text, to);
    text++;
    to->tv_sec = strtol(text, &end, 10);
    return end != text && fraction((const char **)&end, &to->tv_nsec) && !*end;
}

bool
time_parse_digits(const char *s, struct timespec *to)
{
    size_t len = strspn(s, "0123456789");
    time_t now = time(NULL);
    struct tm d = {0};
    int year = gmtime_r(&now, &d)->tm_year + 1900;

    if (len != 8 && len != 10 && len != 12)
        return false;
    if (len == 12)
        year = digits(&s, 4);
    if (len == 10) {
        year = digits(&s, 2);
        year += year < 69 ? 2000 : 1900; /* [posix §touch] */
    }
    d = (struct tm){.tm_year = year - 1900};
    d.tm_mon = digits(&s, 2) - 1;
    d.tm_mday = digits(&s, 2);
    d.tm_hour = digits(&s, 2);
    d.tm_min = digits(&s, 2);
    if (take(&s, '.') && (d.tm_sec = digits(&s, 2)) < 0)
        return false;
    to->tv_nsec = 0;
    return !*s && finish(&d, to);
}
