#include <time.h>
#include <stdio.h>
#include <string.h>

static const char *const days[] = {"Sunday",    "Monday",   "Tuesday",
                                   "Wednesday", "Thursday", "Friday",
                                   "Saturday"};
static const char *const months[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

/* The conversions that are short for others. */
static const char *
compound(char c)
{
    switch (c) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'T':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

/* Formats the one conversion c to to. */
static void
convert(char *to, size_t size, char c, const struct tm *d)
{
    switch (c) {
    case 'a':
        snprintf(to, size, "%.3s", days[d->tm_wday % 7]);
        return;
    case 'A':
        snprintf(to, size, "%s", days[d->tm_wday % 7]);
        return;
    case 'b':
        snprintf(to, size, "%.3s", months[d->tm_mon % 12]);
        return;
    case 'B':
        snprintf(to, size, "%s", months[d->tm_mon % 12]);
        return;
    case 'd':
        snprintf(to, size, "%02d", d->tm_mday);
        return;
    case 'e':
        snprintf(to, size, "%2d", d->tm_mday);
        return;
    case 'H':
        snprintf(to, size, "%02d", d->tm_hour);
        return;
    case 'I':
        snprintf(to, size, "%02d", (d->tm_hour + 11) % 12 + 1);
        return;
    case 'j':
        snprintf(to, size, "%03d", d->tm_yday + 1);
        return;
    case 'm':
        snprintf(to, size, "%02d", d->tm_mon + 1);
        return;
    case 'M':
        snprintf(to, size, "%02d", d->tm_min);
        return;
    case 'n':
        snprintf(to, size, "\n");
        return;
    case 'p':
        snprintf(to, size, "%s", d->tm_hour < 12 ? "AM" : "PM");
        return;
    case 's':
        snprintf(to, size, "%ld", (long)timegm(d));
        return;
    case 'S':
        snprintf(to, size, "%02d", d->tm_sec);
        return;
    case 't':
        snprintf(to, size, "\t");
        return;
    case 'u':
        snprintf(to, size, "%d", (d->tm_wday + 6) % 7 + 1);
        return;
    case 'w':
        snprintf(to, size, "%d", d->tm_wday);
        return;
    case 'y':
        snprintf(to, size, "%02d", d->tm_year % 100);
        return;
    case 'Y':
        snprintf(to, size, "%d", d->tm_year + 1900);
        return;
    case 'Z':
        snprintf(to, size, "UTC");
        return;
    case 'z':
        snprintf(to, size, "+0000");
        return;
    case '%':
        snprintf(to, size, "%%");
        return;
    default:
        snprintf(to, size, "%%%c", c);
        return;
    }
}

size_t
strftime(char *to, size_t size, const char *format, const struct tm *date)
{
    size_t used = 0;

    for (; *format; format++) {
        char piece[64] = {*format, '\0'};
        if (format[0] == '%' && format[1]) {
            const char *longer = compound(*++format);
            if (!longer)
                convert(piece, sizeof(piece), *format, date);
            else if (!strftime(piece, sizeof(piece), longer, date))
                return 0;
        }
        size_t len = strlen(piece);
        if (used + len >= size)
            return 0;
        memcpy(to + used, piece, len);
        used += len;
    }
    if (size > 0)
        to[used] = '\0';
    return used;
}
