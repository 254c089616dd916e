#include <stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>

/* What was read: a magnitude and a sign. */
struct number {
    unsigned long value;
    bool negative;
    bool overflow;
};

static int
digit_value(int c)
{
    if (isdigit(c))
        return c - '0';
    if (isalpha(c))
        return tolower(c) - 'a' + 10;
    return INT_MAX;
}

/* Skips a prefix that base allows. Returns the base that is then in force. */
static int
skip_prefix(const char **s, int base)
{
    const char *p = *s;
    bool hex = p[0] == '0' && tolower(p[1]) == 'x' && isxdigit(p[2]);

    if (hex && (base == 0 || base == 16)) {
        *s += 2;
        return 16;
    }
    if (base == 0)
        return p[0] == '0' ? 8 : 10;
    return base;
}

static struct number
parse_digits(const char *s, char **end, int base)
{
    struct number n = {0};
    const char *start = s, *digits;

    while (isspace(*s))
        s++;
    if (*s == '-' || *s == '+')
        n.negative = *s++ == '-';
    base = skip_prefix(&s, base);
    for (digits = s; digit_value(*s) < base; s++) {
        unsigned long digit = (unsigned long)digit_value(*s);
        if (n.value > (ULONG_MAX - digit) / (unsigned long)base)
            n.overflow = true;
        else
            n.value = n.value * (unsigned long)base + digit;
    }
    if (end)
        *end = (char *)(s == digits ? start : s);
    return n;
}

unsigned long
strtoul(const char *s, char **end, int base)
{
    struct number n = parse_digits(s, end, base);

    if (n.overflow) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return n.negative ? -n.value : n.value;
}

long
strtol(const char *s, char **end, int base)
{
    struct number n = parse_digits(s, end, base);
    unsigned long limit = n.negative ? -(unsigned long)LONG_MIN : LONG_MAX;

    if (n.overflow || n.value > limit) {
        errno = ERANGE;
        return n.negative ? LONG_MIN : LONG_MAX;
    }
    return n.negative ? (long)-n.value : (long)n.value;
}

long long
strtoll(const char *s, char **end, int base)
{
    return strtol(s, end, base);
}

unsigned long long
strtoull(const char *s, char **end, int base)
{
    return strtoul(s, end, base);
}

int
atoi(const char *s)
{
    return (int)strtol(s, NULL, 10);
}

long
atol(const char *s)
{
    return strtol(s, NULL, 10);
}

int
abs(int n)
{
    return n < 0 ? -n : n;
}

long
labs(long n)
{
    return n < 0 ? -n : n;
}
