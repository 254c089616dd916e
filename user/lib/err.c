#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One write for the whole line; reason 0 means none. */
static void
complain(const char *format, va_list args, int reason)
{
    char text[512];

    vsnprintf(text, sizeof(text), format, args);
    fflush(stdout);
    if (reason)
        fprintf(stderr, "%s: %s: %s\n", program_name, text, strerror(reason));
    else
        fprintf(stderr, "%s: %s\n", program_name, text);
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
