#include "status.h"
#include "log.h"
#include "service.h"
#include "values.h"
#include <prog.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#define SETTINGS "/etc/init.conf"
#define MIB      (1ul << 20)

static uint64_t period = 600 * CONFIG_SECOND;

void
status_summarize(char *to, size_t size)
{
    unsigned up = 0, failed = 0, absent = 0;

    for (struct service *s = service_next(NULL); s; s = service_next(s)) {
        up += s->state == SERVICE_RUNNING;
        failed += s->state == SERVICE_FAILED;
        absent += s->state == SERVICE_NO_DEVICE;
    }
    snprintf(to, size, "%u running, %u failed, %u no-device", up, failed,
             absent);
}

static void
log_status(struct timer *t)
{
    char summary[80];
    struct sysinfo info = {0};

    status_summarize(summary, sizeof(summary));
    sysinfo(&info);
    log_line("status: %s; up %lu s, %u processes, %lu of %lu MiB free", summary,
             loop_now() / CONFIG_SECOND, info.procs, info.freeram / MIB,
             info.totalram / MIB);
    loop_set_timer(t, loop_now() + period);
}

static void
set(const char *key, const char *value, unsigned line)
{
    const char *expected;

    if (strcmp(key, "status-period") != 0) {
        log_error(SETTINGS ": line %u: unknown key '%s'", line, key);
        return;
    }
    expected = value_time(value, &period);
    if (expected)
        log_error(SETTINGS ": line %u: %s: expected %s, not '%s'", line, key,
                  expected, value);
}

/* Lines KEY = VALUE, comments, and blank lines. */
static void
read_settings(void)
{
    char text[1024], *rest = text, *line;
    unsigned number = 0;

    if (!prog_read_text(SETTINGS, text, sizeof(text)))
        return;
    while ((line = strsep(&rest, "\n"))) {
        char *key = strtok_r(line, " \t=", &line);
        char *value = strtok_r(line, " \t=", &line);
        number++;
        if (key && *key != '#')
            set(key, value ? value : "", number);
    }
}

void
status_start(void)
{
    static struct timer timer = {.fire = log_status};

    read_settings();
    if (period)
        loop_set_timer(&timer, loop_now() + period);
}
