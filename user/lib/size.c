#include <size.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char units[] = "KMGTPE";

/* Takes a unit off *s. Returns the bytes it stands for. */
static uint64_t
take_unit(const char **s)
{
    const char *found = **s ? strchr(units, toupper(**s)) : NULL;
    uint64_t base = 1024, unit = 1;

    if (**s == 'b') {
        ++*s;
        return 512;
    }
    if (!found)
        return 1;
    ++*s;
    if (**s == 'B') {
        base = 1000;
        ++*s;
    } else if (strncmp(*s, "iB", 2) == 0) {
        *s += 2;
    }
    for (; found >= units; found--)
        unit *= base;
    return unit;
}

bool
size_parse(const char *s, uint64_t *to)
{
    uint64_t n, all = 1;
    char *end;

    for (;;) {
        errno = 0;
        n = strtoul(s, &end, 10);
        if (!isdigit(*s) || errno || __builtin_mul_overflow(all, n, &all))
            return false;
        s = end;
        if (__builtin_mul_overflow(all, take_unit(&s), &all))
            return false;
        *to = all;
        if (*s != 'x')
            return !*s && all <= LONG_MAX;
        s++;
    }
}

uint64_t
size_of(const char *text)
{
    uint64_t n;

    if (!size_parse(text, &n))
        errx(2, "%s: not a size", text);
    return n;
}

void
size_human(uint64_t bytes, char to[8])
{
    uint64_t unit = 1, tenths;
    const char *letter = units - 1;

    if (bytes < 1024) {
        snprintf(to, 8, "%lu", (unsigned long)bytes);
        return;
    }
    do {
        unit <<= 10;
        letter++;
        tenths = bytes / unit * 10 + (bytes % unit * 10 + unit - 1) / unit;
    } while (tenths > 10230); /* it would be shown as 1024 */
    if (tenths < 100)
        snprintf(to, 8, "%lu.%lu%c", (unsigned long)tenths / 10,
                 (unsigned long)tenths % 10, *letter);
    else
        snprintf(to, 8, "%lu%c", (unsigned long)(tenths + 9) / 10, *letter);
}
