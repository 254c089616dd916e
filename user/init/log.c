#include "log.h"
#include "loop.h"
#include "output.h"
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define CONSOLE_WAIT_MS 50

static bool quiet, taken;

static void
to_log(const char *format, va_list args, char *line, size_t size)
{
    vsnprintf(line, size, format, args);
    output_line("init", line);
}

/* As the kernel's lines are laid out. Who has stopped the console does not stop
 * init: the line is in the log. */
static void
to_console(const char *line)
{
    static int fd = -1;
    uint64_t ms = loop_now() / 1000000;
    char text[300];
    int n = snprintf(text, sizeof(text), "[%lu.%03lu] init      %s\n",
                     ms / 1000, ms % 1000, line);

    if (fd < 0)
        fd = open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    ssize_t done = 0;
    for (const char *at = text; at < text + n && done >= 0; at += done)
        done = poll(&room, 1, CONSOLE_WAIT_MS) > 0
                   ? write(fd, at, (size_t)(text + n - at))
                   : -1;
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
