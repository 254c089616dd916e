#include "format.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* One conversion, as its letters ask for it. */
struct spec {
    bool left, zero, plus, space, alternate;
    int width;
    int precision; /* -1: none given */
    int size;      /* bytes of an integer argument */
};

struct output {
    struct format_sink *sink;
    size_t count;
};

static void
put(struct output *o, const char *text, size_t n)
{
    if (n > 0)
        o->sink->put(o->sink, text, n);
    o->count += n;
}

static void
pad(struct output *o, char c, int n)
{
    char block[16];

    memset(block, c, sizeof(block));
    for (; n > 0; n -= (int)sizeof(block))
        put(o, block, n < (int)sizeof(block) ? (size_t)n : sizeof(block));
}

/* Puts a prefix (sign, 0x), zeros and digits, filled up to the width. */
static void
put_number(struct output *o, const struct spec *s, const char *prefix,
           const char *digits, int len)
{
    int prefix_len = (int)strlen(prefix);
    int zeros = s->precision > len ? s->precision - len : 0;
    int fill;

    if (s->zero && !s->left && s->precision < 0 && s->width > prefix_len + len)
        zeros = s->width - prefix_len - len;
    fill = s->width - prefix_len - zeros - len;
    if (!s->left)
        pad(o, ' ', fill);
    put(o, prefix, (size_t)prefix_len);
    pad(o, '0', zeros);
    put(o, digits, (size_t)len);
    if (s->left)
        pad(o, ' ', fill);
}

/* Writes value backwards from end; returns where the digits start. */
static char *
digits_of(char *end, uint64_t value, unsigned int base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    for (; value; value /= base)
        *--end = set[value % base];
    return end;
}

static void
put_integer(struct output *o, const struct spec *s, char kind, uint64_t value)
{
    char digits[24], *end = digits + sizeof(digits), *start;
    const char *prefix = "";
    unsigned int base = 10;

    if (kind == 'd') {
        prefix = (int64_t)value < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";
        if ((int64_t)value < 0)
            value = -value;
    } else if (kind != 'u') {
        base = kind == 'o' ? 8 : 16;
        if (s->alternate && value)
            prefix = kind == 'o' ? "0" : kind == 'X' ? "0X" : "0x";
    }
    start = digits_of(end, value, base, kind == 'X');
    if (start == end && s->precision != 0)
        *--start = '0';
    put_number(o, s, prefix, start, (int)(end - start));
}

/* The integer part and the decimals are made as integers, which is exact for
 * what programs here print: seconds and rates. */
static void
put_double(struct output *o, const struct spec *given, double value)
{
    struct spec s = *given;
    int decimals = s.precision < 0 ? 6 : s.precision > 18 ? 18 : s.precision;
    char text[48], *end = text + sizeof(text), *start;
    bool negative = value < 0;
    uint64_t whole, scale = 1, fraction;

    if (negative)
        value = -value;
    if (!(value < 9223372036854775808.0)) {
        put(o, "big", 3);
        return;
    }
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    whole = (uint64_t)value;
    fraction = (uint64_t)((value - (double)whole) * (double)scale + 0.5);
    if (fraction >= scale) {
        fraction -= scale;
        whole++;
    }
    start = digits_of(end, fraction, 10, false);
    while (end - start < decimals)
        *--start = '0';
    if (decimals > 0)
        *--start = '.';
    end = start;
    start = digits_of(end, whole, 10, false);
    if (start == end)
        *--start = '0';
    s.precision = -1;
    put_number(o, &s,
               negative  ? "-"
               : s.plus  ? "+"
               : s.space ? " "
                         : "",
               start, (int)(text + sizeof(text) - start));
}

static void
put_string(struct output *o, const struct spec *s, const char *text)
{
    size_t n;

    if (!text)
        text = "(null)";
    n = s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision);
    if (!s->left)
        pad(o, ' ', s->width - (int)n);
    put(o, text, n);
    if (s->left)
        pad(o, ' ', s->width - (int)n);
}

static const char *
read_flags(struct spec *s, const char *f)
{
    for (;; f++)
        switch (*f) {
        case '-':
            s->left = true;
            break;
        case '0':
            s->zero = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->space = true;
            break;
        case '#':
            s->alternate = true;
            break;
        default:
            return f;
        }
}

static const char *
read_count(int *count, const char *f, va_list *args)
{
    if (*f == '*') {
        *count = va_arg(*args, int);
        return f + 1;
    }
    for (*count = 0; isdigit(*f); f++)
        *count = *count * 10 + (*f - '0');
    return f;
}

static const char *
read_length(struct spec *s, const char *f)
{
    s->size = sizeof(int);
    for (;; f++)
        if (*f == 'h')
            s->size /= 2;
        else if (*f && strchr("lztj", *f))
            s->size = sizeof(long);
        else
            return f;
}

/* The next integer argument, cut to its size and widened again. */
static uint64_t
next_integer(const struct spec *s, bool is_signed, va_list *args)
{
    uint64_t value;
    int spare = 64 - 8 * s->size;

    if (s->size == sizeof(long))
        return va_arg(*args, uint64_t);
    value = (uint64_t)va_arg(*args, int) << spare;
    return is_signed ? (uint64_t)((int64_t)value >> spare) : value >> spare;
}

/* Converts one argument; f is behind the lengths. False: unknown letter. */
static bool
convert(struct output *o, struct spec *s, char letter, va_list *args)
{
    char c[2] = {0};

    switch (letter) {
    case 'd':
    case 'i':
        put_integer(o, s, 'd', next_integer(s, true, args));
        return true;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_integer(o, s, letter, next_integer(s, false, args));
        return true;
    case 'p':
        s->alternate = true;
        put_integer(o, s, 'x', (uintptr_t)va_arg(*args, void *));
        return true;
    case 'f':
        put_double(o, s, va_arg(*args, double));
        return true;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        return true;
    case 'c':
        c[0] = (char)va_arg(*args, int);
        pad(o, ' ', s->left ? 0 : s->width - 1);
        put(o, c, 1);
        pad(o, ' ', s->left ? s->width - 1 : 0);
        return true;
    case '%':
        put(o, "%", 1);
        return true;
    default:
        return false;
    }
}

size_t
format_text(struct format_sink *sink, const char *f, va_list original)
{
    struct output o = {.sink = sink};
    va_list args;

    /* A parameter of array type cannot have its address taken as va_list. */
    va_copy(args, original);
    while (*f) {
        struct spec s = {.precision = -1};
        const char *start = f;
        size_t plain = strcspn(f, "%");
        put(&o, f, plain);
        f += plain;
        if (!*f)
            break;
        start = f;
        f = read_flags(&s, f + 1);
        f = read_count(&s.width, f, &args);
        if (s.width < 0) {
            s.left = true;
            s.width = -s.width;
        }
        if (*f == '.')
            f = read_count(&s.precision, f + 1, &args);
        f = read_length(&s, f);
        if (!convert(&o, &s, *f, &args))
            put(&o, start, (size_t)(f - start) + (*f != '\0'));
        if (*f)
            f++;
    }
    va_end(args);
    return o.count;
}
