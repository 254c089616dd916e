#include "notify.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTIFY_LINE_MAX 128

/* The whole number in a variable of the environment, or otherwise. */
static long
notify_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    char *end;
    long n;

    if (!text || !*text)
        return otherwise;
    n = strtol(text, &end, 10);
    return *end ? otherwise : n;
}

/* Writes a line in one piece, so that no two can be mixed up. */
static void
notify_line(const char *key, const char *value)
{
    char line[NOTIFY_LINE_MAX];
    long fd = notify_number("NOTIFY_FD", -1);
    int n = snprintf(line, sizeof(line) - 1, "%s=%.*s", key,
                     (int)strcspn(value, "\n"), value);
    size_t size = (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 2;

    if (fd < 0)
        return;
    line[size++] = '\n';
    write((int)fd, line, size);
}

void
notify_ready(void)
{
    notify_line("READY", "1");
}

void
notify_status(const char *text)
{
    notify_line("STATUS", text);
}

void
notify_beat(void)
{
    notify_line("WATCHDOG", "1");
}

int
notify_beat_every(void)
{
    long us = notify_number("WATCHDOG_USEC", -1);

    return us <= 0 ? -1 : us < 2000 ? 1 : (int)(us / 2000);
}

int
notify_sockets(void)
{
    if (notify_number("LISTEN_PID", -1) != getpid())
        return 0;
    return (int)notify_number("LISTEN_FDS", 0);
}
