#include <time.h>
#include <stdio.h>
#include <string.h>

static const char *const day_names[] = {"Sunday",    "Monday",   "Tuesday",
                                        "Wednesday", "Thursday", "Friday",
                                        "Saturday"};
static const char *const month_names[] = {
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

/* The text that c stands for, or NULL if it is a number or unknown. */
static const char *
text_of(char c, const struct tm *d)
{
    switch (c) {
    case 'a':
    case 'A':
        return day_names[d->tm_wday % 7];
    case 'b':
    case 'B':
        return month_names[d->tm_mon % 12];
    case 'n':
        return "\n";
    case 'p':
        return d->tm_hour < 12 ? "AM" : "PM";
    case 't':
        return "\t";
    case 'Z':
        return "UTC";
    case 'z':
        return "+0000";
    case '%':
        return "%";
    default:
        return NULL;
    }
}

/* The number that c stands for, and how to print it; *format is NULL if it
 * stands for none. */
static long
number_of(char c, const struct tm *d, const char **format)
{
    *format = "%02ld";
    switch (c) {
    case 'd':
        return d->tm_mday;
    case 'H':
        return d->tm_hour;
    case 'I':
        return (d->tm_hour + 11) % 12 + 1;
    case 'm':
        return d->tm_mon + 1;
    case 'M':
        return d->tm_min;
    case 'S':
        return d->tm_sec;
    case 'y':
        return d->tm_year % 100;
    case 'e':
        *format = "%2ld";
        return d->tm_mday;
    case 'j':
        *format = "%03ld";
        return d->tm_yday + 1;
    default:
        break;
    }
    *format = "%ld";
    switch (c) {
    case 's':
        return timegm(d);
    case 'u':
        return (d->tm_wday + 6) % 7 + 1;
    case 'w':
        return d->tm_wday;
    case 'Y':
        return d->tm_year + 1900;
    default:
        *format = NULL;
        return 0;
    }
}

/* Formats the one conversion c to to. */
static void
format_field(char *to, size_t size, char c, const struct tm *d)
{
    const char *text = text_of(c, d), *format;
    long number = number_of(c, d, &format);

    if (text)
        snprintf(to, size, "%.*s", c == 'a' || c == 'b' ? 3 : 20, text);
    else if (format)
        snprintf(to, size, format, number);
    else
        snprintf(to, size, "%%%c", c);
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
                format_field(piece, sizeof(piece), *format, date);
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
