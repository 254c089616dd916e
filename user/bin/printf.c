/* printf: prints text as a format says. */
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: printf FORMAT [ARG...]\n"
    "Print ARGs as FORMAT says: %s %d %u %x %o %c %% with flags, width and\n"
    "precision, %b for text with escapes; \\n \\t \\r \\a \\\\ \\0NN.\n"
    "FORMAT is used again while ARGs are left.\n";

static char **args; /* those not used yet */
static int status;

static const char *
next_text(void)
{
    return *args ? *args++ : "";
}

static long
next_number(void)
{
    const char *text = next_text();
    char *end;
    long n;

    if (*text == '\'' || *text == '"')
        return (unsigned char)text[1];
    n = strtol(text, &end, 0);
    if (*end) {
        warnx("%s: not a number", text);
        status = 1;
    }
    return n;
}

/* Prints the escape behind a backslash; returns what follows it. */
static const char *
put_escape(const char *s)
{
    static const char letters[] = "abefnrtv\\\"'",
                      bytes[] = "\a\b\033\f\n\r\t\v\\\"'";
    const char *found = *s ? strchr(letters, *s) : NULL;
    int value = 0;

    if (found) {
        putchar(bytes[found - letters]);
        return s + 1;
    }
    if (*s < '0' || *s > '7') {
        putchar('\\');
        return s;
    }
    for (int i = 0; i < 4 && *s >= '0' && *s <= '7'; i++)
        value = value * 8 + (*s++ - '0');
    putchar(value);
    return s;
}

static void
put_escaped(const char *s)
{
    while (*s)
        if (*s++ == '\\')
            s = put_escape(s);
        else
            putchar(s[-1]);
}

/* Prints the conversion behind '%'; returns what follows it. */
static const char *
put_conversion(const char *s)
{
    size_t n = strspn(s, "-0+ #");
    char format[40] = "%";

    n += strspn(s + n, "0123456789");
    if (s[n] == '.')
        n += 1 + strspn(s + n + 1, "0123456789");
    if (n > 30)
        errx(2, "%%%s: too long", s);
    memcpy(format + 1, s, n);
    format[n + 1] = '\0';
    s += n;
    if (*s == '%') {
        putchar('%');
    } else if (*s == 's') {
        strcat(format, "s");
        printf(format, next_text());
    } else if (*s == 'c') {
        strcat(format, "c");
        printf(format, *next_text());
    } else if (*s == 'b') {
        put_escaped(next_text());
    } else if (*s && strchr("diuxXo", *s)) {
        format[n + 1] = 'l';
        format[n + 2] = *s;
        format[n + 3] = '\0';
        printf(format, next_number());
    } else {
        errx(2, "%%%c: no such conversion", *s ? *s : '?');
    }
    return s + 1;
}

static void
put_format(const char *s)
{
    while (*s)
        if (*s == '\\')
            s = put_escape(s + 1);
        else if (*s == '%')
            s = put_conversion(s + 1);
        else
            putchar(*s++);
}

int
main(int argc, char **argv)
{
    char **before;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    if (argc < 2)
        prog_usage(usage);
    args = argv + 2;
    do {
        before = args;
        put_format(argv[1]);
    } while (*args && args != before);
    prog_exit(status);
}
