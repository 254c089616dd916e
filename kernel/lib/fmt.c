#include "lib/fmt.h"
#include "lib/string.h"

#define DIGITS_MAX     20 /* of 64 bits in decimal */
#define POINTER_DIGITS 16

/* va_list may be an array type, which cannot be passed by reference. */
struct arguments {
    va_list list;
};

/* One conversion specification, %[flags][width][.precision][length]c. */
struct spec {
    bool left, zero, alternate;
    bool is_long; /* all types wider than int have 64 bits */
    unsigned width;
    int precision; /* < 0: not given */
    char conversion;
};

/* Where the text goes, and how much has gone. */
struct output {
    struct fmt_sink *sink;
    size_t total;
};

static void
emit(struct output *out, const char *text, size_t len)
{
    if (len > 0)
        out->sink->put(out->sink, text, len);
    out->total += len;
}

static void
put_repeated(struct output *out, char c, size_t count)
{
    char run[16];
    memset(run, c, sizeof(run));
    for (; count > sizeof(run); count -= sizeof(run))
        emit(out, run, sizeof(run));
    emit(out, run, count);
}

/* Puts a field: prefix, zeros and text, and blanks that fill its width. */
static void
put_field(struct output *out, const struct spec *spec, const char *prefix,
          size_t zeros, const char *text, size_t len)
{
    size_t prefix_len = strlen(prefix);
    size_t used = prefix_len + zeros + len;
    size_t padding = spec->width > used ? spec->width - used : 0;
    if (!spec->left)
        put_repeated(out, ' ', padding);
    emit(out, prefix, prefix_len);
    put_repeated(out, '0', zeros);
    emit(out, text, len);
    if (spec->left)
        put_repeated(out, ' ', padding);
}

/* As ISO C wants it, precision is the least number of digits, and the flag
 * '0' fills the width with zeros only if there is neither precision nor '-'. */
static void
put_number(struct output *out, const struct spec *spec, const char *prefix,
           uint64_t value, unsigned base)
{
    char digits[DIGITS_MAX];
    char *end = digits + sizeof(digits), *start = end;
    for (; value != 0 || (start == end && spec->precision != 0); value /= base)
        *--start = "0123456789abcdef"[value % base];
    size_t ndigits = (size_t)(end - start);
    size_t least = spec->precision > 0 ? (size_t)spec->precision : 0;
    if (spec->zero && !spec->left && spec->precision < 0)
        least = spec->width - MIN((size_t)spec->width, strlen(prefix));
    put_field(out, spec, prefix, least > ndigits ? least - ndigits : 0, start,
              ndigits);
}

static void
format_integer(struct output *out, const struct spec *spec,
               struct arguments *args)
{
    bool is_signed = spec->conversion == 'd', is_hex = spec->conversion == 'x';
    uint64_t value;
    if (spec->is_long)
        value = va_arg(args->list, unsigned long);
    else if (is_signed)
        value = (uint64_t)(int64_t)va_arg(args->list, int);
    else
        value = va_arg(args->list, unsigned);
    if (is_signed && (int64_t)value < 0)
        put_number(out, spec, "-", -value, 10);
    else
        put_number(out, spec, is_hex && spec->alternate && value ? "0x" : "",
                   value, is_hex ? 16 : 10);
}

/* Formats one conversion. Returns false if there is no such conversion. */
static bool
format_one(struct output *out, struct spec *spec, struct arguments *args)
{
    const char *text;
    char c;
    switch (spec->conversion) {
    case 'd':
    case 'u':
    case 'x':
        format_integer(out, spec, args);
        return true;
    case 'p':
        spec->precision = POINTER_DIGITS;
        put_number(out, spec, "0x", (uintptr_t)va_arg(args->list, void *), 16);
        return true;
    case 'c':
        c = (char)va_arg(args->list, int);
        put_field(out, spec, "", 0, &c, 1);
        return true;
    case 's':
        text = va_arg(args->list, const char *);
        if (text == NULL)
            text = "(null)";
        put_field(out, spec, "", 0, text,
                  spec->precision < 0 ? strlen(text)
                                      : strnlen(text, (size_t)spec->precision));
        return true;
    case '%':
        emit(out, "%", 1);
        return true;
    default:
        return false;
    }
}

/* Reads a number or, for '*', takes it from the arguments. */
static const char *
parse_number(const char *at, int *number, struct arguments *args)
{
    if (*at == '*') {
        *number = va_arg(args->list, int);
        return at + 1;
    }
    unsigned value = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned)(*at - '0');
    *number = (int)value;
    return at;
}

/* Parses what follows a '%'. Returns where the conversion character is. */
static const char *
parse_spec(const char *at, struct spec *spec, struct arguments *args)
{
    int width;
    *spec = (struct spec){.precision = -1};
    for (; *at == '-' || *at == '0' || *at == '#'; at++) {
        spec->left |= *at == '-';
        spec->zero |= *at == '0';
        spec->alternate |= *at == '#';
    }
    at = parse_number(at, &width, args);
    spec->left |= width < 0;
    spec->width = width < 0 ? -(unsigned)width : (unsigned)width;
    if (*at == '.')
        at = parse_number(at + 1, &spec->precision, args);
    for (; *at == 'l' || *at == 'z'; at++)
        spec->is_long = true;
    spec->conversion = *at;
    return at;
}

size_t
fmt_vformat(struct fmt_sink *sink, const char *format, va_list list)
{
    struct output out = {.sink = sink};
    struct arguments args;
    va_copy(args.list, list);
    while (*format != '\0') {
        const char *literal = format;
        while (*format != '\0' && *format != '%')
            format++;
        emit(&out, literal, (size_t)(format - literal));
        if (*format == '\0')
            break;

        struct spec spec;
        const char *end = parse_spec(format + 1, &spec, &args);
        if (*end != '\0')
            end++;
        if (!format_one(&out, &spec, &args))
            emit(&out, format, (size_t)(end - format));
        format = end;
    }
    va_end(args.list);
    return out.total;
}

/* A sink that fills a buffer and drops what has no room. */
struct buffer_sink {
    struct fmt_sink sink;
    char *next;
    size_t room;
};

static void
buffer_put(struct fmt_sink *sink, const char *text, size_t len)
{
    struct buffer_sink *buffer = container_of(sink, struct buffer_sink, sink);
    size_t fits = MIN(len, buffer->room);
    /* With no room at all, there may be no buffer either. */
    if (fits == 0)
        return;
    memcpy(buffer->next, text, fits);
    buffer->next += fits;
    buffer->room -= fits;
}

int
vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct buffer_sink buffer = {
        .sink.put = buffer_put,
        .next = buf,
        .room = size > 0 ? size - 1 : 0,
    };
    size_t len = fmt_vformat(&buffer.sink, format, args);
    if (size > 0)
        *buffer.next = '\0';
    return (int)len;
}

int
snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(buf, size, format, args);
    va_end(args);
    return len;
}
