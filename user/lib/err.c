#include <err.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of files can hold anything, and a terminal acts on some of it. */
static void
make_printable(char *s)
{
    for (; *s; s++)
        if (iscntrl((unsigned char)*s))
            *s = '?';
}

/* One write for the whole line; reason 0 means none. */
static void
complain(const char *format, va_list args, int reason)
{
    char short_text[256], *text = NULL;
    va_list again;

    va_copy(again, args);
    if (vasprintf(&text, format, args) < 0) /* then a part has to do */
        vsnprintf(short_text, sizeof(short_text), format, again);
    va_end(again);
    make_printable(text ? text : short_text);
    fflush(stdout);
    fprintf(stderr, "%s: %s%s%s\n", program_name, text ? text : short_text,
            reason ? ": " : "", reason ? strerror(reason) : "");
    free(text);
}

void
vwarn(const char *format, va_list args)
{
    complain(format, args, errno);
}

void
vwarnx(const char *format, va_list args)
{
    complain(format, args, 0);
}

void
warn(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarn(format, args);
    va_end(args);
}

void
warnx(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
}

void
err(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarn(format, args);
    va_end(args);
    exit(status);
}

void
errx(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vwarnx(format, args);
    va_end(args);
    exit(status);
}
