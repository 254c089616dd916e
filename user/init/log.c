#include "log.h"
#include "loop.h"
#include "output.h"
#include <stdarg.h>
#include <stdio.h>

static bool quiet, taken;

static void
to_log(const char *format, va_list args, char *line, size_t size)
{
    vsnprintf(line, size, format, args);
    output_line("init", line);
}

/* As the kernel's lines are laid out. */
static void
to_console(const char *line)
{
    uint64_t ms = loop_now() / 1000000;

    printf("[%lu.%03lu] init      %s\n", ms / 1000, ms % 1000, line);
    fflush(stdout);
}

void
log_line(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    to_log(format, args, line, sizeof(line));
    va_end(args);
}

void
log_boot(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    to_log(format, args, line, sizeof(line));
    va_end(args);
    if (!quiet && !taken)
        to_console(line);
}

void
log_error(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    to_log(format, args, line, sizeof(line));
    va_end(args);
    if (!taken)
        to_console(line);
}

void
log_set_quiet(bool on)
{
    quiet = on;
}

void
log_set_console_taken(bool on)
{
    taken = on;
}
