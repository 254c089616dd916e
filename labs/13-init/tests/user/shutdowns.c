/* The end, with made-up processes and a made-up clock. */
// WITH: user/init/shutdown.c
// WRAP: kill waitpid poll reboot chdir
#include "grade.h"
#include "table.h"
#include "user/init/depend.h"
#include "user/init/filesystems.h"
#include "user/init/log.h"
#include "user/init/output.h"
#include "user/init/shutdown.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS        1000000ul
#define NEVER     0xffffffffu
#define MOST_LEFT 16
#define FIRST_PID 100
#define FOR_EVER  (3600 * 1000 * MS)

int __wrap_kill(pid_t pid, int number);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_poll(struct pollfd *fds, unsigned long count, int ms);
int __wrap_reboot(unsigned int command);
int __wrap_chdir(const char *path);

/* A process that is left. */
static struct {
    uint32_t term_ms, kill_ms; /* how long after it, it ends; or NEVER */
    bool stopped, asked, gone;
    uint64_t ends; /* 0: not yet known */
} left[MOST_LEFT];
static size_t left_count;
static uint64_t now;
static struct grade *grade;

static NORETURN void
end_at(const char *why)
{
    note("%s", why);
    grade_put_string(grade, record);
    grade_end(grade);
}

uint64_t
loop_now(void)
{
    now += 1000;
    if (now > FOR_EVER)
        end_at("waits for ever");
    return now;
}

static void
ends_in(size_t i, uint32_t ms)
{
    uint64_t at = now + ms * MS + 1;

    if (ms != NEVER && (!left[i].ends || at < left[i].ends))
        left[i].ends = at;
}

int
__wrap_kill(pid_t pid, int number)
{
    note("kill %d %d at %lu", (int)pid, number, now / MS);
    for (size_t i = 0; i < left_count && pid == -1; i++) {
        if (number == SIGTERM)
            left[i].asked = true;
        if (number == SIGCONT)
            left[i].stopped = false;
        if (number == SIGKILL)
            ends_in(i, left[i].kill_ms);
        if (left[i].asked && !left[i].stopped && !left[i].ends)
            ends_in(i, left[i].term_ms);
    }
    return 0;
}

pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
    size_t living = 0;

    if (pid != -1)
        note("waits for %d", (int)pid);
    if (status)
        *status = 0;
    for (size_t i = 0; i < left_count; i++) {
        living += !left[i].gone;
        if (!left[i].gone && left[i].ends && left[i].ends <= now) {
            left[i].gone = true;
            note("reaped %zu at %lu", i, now / MS);
            return FIRST_PID + (pid_t)i;
        }
    }
    if (living && !(options & WNOHANG))
        end_at("sleeps in waitpid");
    errno = ECHILD;
    return living ? 0 : -1;
}

int
__wrap_poll(struct pollfd *fds, unsigned long count, int ms)
{
    (void)fds;
    (void)count;
    if (ms < 0)
        end_at("sleeps in poll");
    now += (uint64_t)ms * MS;
    return 0;
}

int
__wrap_reboot(unsigned int command)
{
    end_at(command == RB_POWER_OFF  ? "power off"
           : command == RB_AUTOBOOT ? "reboot"
                                    : "?");
}

int
__wrap_chdir(const char *path)
{
    note("chdir %s", path);
    return 0;
}

void
filesystems_stop(void)
{
    note("filesystems off");
}

void
output_close(void)
{
    note("logs closed");
    note("closed at %lu", now / MS);
}

void
log_boot(const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (strncmp(text, "down after", 10) != 0)
        note("says %s", text);
}

void
log_error(const char *format, ...)
{
    (void)format;
    note("error");
}

void
log_line(const char *format, ...)
{
    (void)format;
}

void
log_set_console_taken(bool taken)
{
    note("console taken %d", taken);
}

void
service_forbid_starts(void)
{
    note("starts forbidden");
}

void
service_stop_all(const char *why)
{
    note("stop all: %s", why);
}

bool
depend_is_up(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
           s->state == SERVICE_STOPPING;
}

/* Asked to end by each in turn. */
static void
begin(struct grade *g)
{
    uint32_t count = grade_u32(g);

    for (uint32_t i = 0; i < count; i++) {
        enum shutdown_kind kind = grade_u8(g);
        note("begun %d", shutdown_has_begun());
        shutdown_begin(kind, grade_string(g));
    }
    note("begun %d", shutdown_has_begun());
    grade_put_string(g, record);
}

/* Turns: before each, the first services of the table have come down. The last
 * one is where the machine ends. */
static void
turn(struct grade *g)
{
    uint32_t begins, turns;

    grade = g;
    take_table(g);
    begins = grade_u8(g);
    left_count = grade_u32(g);
    for (size_t i = 0; i < left_count; i++) {
        left[i].term_ms = grade_u32(g);
        left[i].kill_ms = grade_u32(g);
        left[i].stopped = grade_u8(g);
    }
    turns = grade_u32(g);
    if (begins < 2)
        shutdown_begin((enum shutdown_kind)begins, "the test");
    recorded = 0;
    *record = '\0';
    for (uint32_t i = 0; i < turns; i++) {
        uint32_t down = grade_u32(g);
        for (uint32_t k = 0; k < down; k++)
            services[k].state = SERVICE_STOPPED;
        note("turn");
        shutdown_turn();
    }
    end_at("goes on");
}

GRADE_CASES({"begin", begin}, {"turn", turn});
