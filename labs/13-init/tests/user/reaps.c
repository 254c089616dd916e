/* Processes end; the question has them, and whose they were. */
// WITH: user/init/reap.c
// WRAP: waitpid raise kill
#include "grade.h"
#include "table.h"
#include "user/init/depend.h"
#include "user/init/ended.h"
#include "user/init/log.h"
#include "user/init/pidfile.h"
#include "user/init/reap.h"
#include "user/init/supervise.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define MOST_DEAD 2048

pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_raise(int number);
int __wrap_kill(pid_t pid, int number);

static void (*handler)(int);
static struct {
    pid_t pid;
    int status;
} dead[MOST_DEAD];
static size_t dead_count, next_dead;
static bool others_live, raised;
static pid_t in_pidfile;
static struct grade *grade;

static void
end_at(const char *why)
{
    note("%s", why);
    grade_put_string(grade, record);
    grade_end(grade);
}

void
loop_on_signal(int number, void (*handle)(int))
{
    if (number == SIGCHLD)
        handler = handle;
}

pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
    if (pid != -1)
        note("waits for %d", (int)pid);
    if (next_dead < dead_count) {
        *status = dead[next_dead].status;
        return dead[next_dead++].pid;
    }
    if (others_live && !(options & WNOHANG))
        end_at("sleeps");
    errno = ECHILD;
    return others_live ? 0 : -1;
}

int
__wrap_raise(int number)
{
    raised |= number == SIGCHLD;
    return 0;
}

int
__wrap_kill(pid_t pid, int number)
{
    note("kill %d %d", (int)pid, number);
    return 0;
}

bool
depend_is_up(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
           s->state == SERVICE_STOPPING;
}

void
supervise_hear(struct service *s)
{
    note("hear %s", s->config->name);
    if (s->wanted) /* stands for: its last word is that it is ready */
        supervise_ready(s);
}

void
supervise_ready(struct service *s)
{
    if (s->state != SERVICE_STARTING)
        return;
    note("ready %s %d", s->config->name, (int)s->pid);
    s->state = SERVICE_RUNNING;
}

void
ended_decide(struct service *s, bool clean, const char *reason)
{
    note("decide %s %d %s", s->config->name, clean, reason);
    s->state = SERVICE_STOPPED;
    s->pid = 0;
}

void
ended_for_good(struct service *s, enum service_event event, const char *reason)
{
    note("%s %s %s", event_name(event), s->config->name, reason);
    s->state = SERVICE_NO_DEVICE;
    s->pid = 0;
}

bool
health_ended(struct health *h, pid_t pid, int status)
{
    if (h->pid != pid || !pid)
        return false;
    note("health %d %d", (int)pid, status);
    h->pid = 0;
    return true;
}

pid_t
pidfile_read(const struct service *s)
{
    (void)s;
    return in_pidfile;
}

void
log_set_console_taken(bool taken)
{
    (void)taken;
}

/* Each service's health check has its pid and 1000. After each call of the
 * handler: how many were taken in, and whether it wants to be called again. */
static void
reap(struct grade *g)
{
    grade = g;
    take_table(g);
    for (size_t i = 0; i < service_count; i++)
        supervisions[i].health.pid = services[i].pid + 1000;
    others_live = grade_u8(g);
    in_pidfile = (pid_t)grade_u32(g);
    dead_count = grade_u32(g);
    for (size_t i = 0; i < dead_count; i++) {
        dead[i].pid = (pid_t)grade_u32(g);
        dead[i].status = (int)grade_u32(g);
    }
    reap_start();
    for (unsigned rounds = 0; rounds < 20; rounds++) {
        raised = false;
        handler(SIGCHLD);
        note("round %zu %d", next_dead, raised);
        if (!raised)
            break;
    }
    for (size_t i = 0; i < service_count; i++)
        note("pid %s %d %d", configs[i].name, (int)services[i].pid,
             services[i].exit_status);
    grade_put_string(g, record);
}

GRADE_CASES({"reap", reap});
