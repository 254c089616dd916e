/* What becomes of a service without a process; what init's other files would
 * say to that is part of the question. */
// WITH: user/init/ended.c
#include "grade.h"
#include "table.h"
#include "user/init/depend.h"
#include "user/init/ended.h"
#include "user/init/log.h"
#include "user/init/state.h"

static uint64_t delay;
static uint64_t now;
static bool due, asked_clean;
static uint64_t asked_at;
static unsigned asked_delay;

uint64_t
loop_now(void)
{
    return now;
}

void
loop_set_timer(struct timer *t, uint64_t at)
{
    t->due = at;
}

void
loop_clear_timer(struct timer *t)
{
    t->due = 0;
}

void
loop_unwatch(struct watch *w)
{
    (void)w;
}

void
health_end(struct health *h)
{
    h->pid = 0;
}

void
notify_close(struct notify *n)
{
    n->watch.fd = -1;
}

void
log_set_console_taken(bool taken)
{
    (void)taken;
}

bool
depend_is_up(const struct service *s)
{
    return s->state == SERVICE_STARTING || s->state == SERVICE_RUNNING ||
           s->state == SERVICE_STOPPING;
}

bool
restart_is_due(const struct config *c, bool clean)
{
    (void)c;
    asked_clean = clean;
    return due;
}

uint64_t
restart_delay(struct restart_history *h, const struct config *c, uint64_t at)
{
    (void)h;
    (void)c;
    asked_at = at;
    asked_delay++;
    return delay;
}

#define SAY(kind)                                    \
    do {                                             \
        char text[400];                              \
        va_list args;                                \
        va_start(args, format);                      \
        vsnprintf(text, sizeof(text), format, args); \
        va_end(args);                                \
        note("%s%s", kind, text);                    \
    } while (0)

void
log_line(const char *format, ...)
{
    SAY("log ");
}

void
log_error(const char *format, ...)
{
    SAY("error ");
}

/* As in the machine, but whatever is said. */
void
state_event(struct service *s, enum service_event event, const char *format,
            ...)
{
    static const enum service_state after[] = {
        [SERVICE_ENDED] = SERVICE_STOPPED,
        [SERVICE_GAVE_UP] = SERVICE_FAILED,
        [SERVICE_NO_HARDWARE] = SERVICE_NO_DEVICE,
        [SERVICE_EVENTS] = SERVICE_STATES,
    };
    va_list args;

    va_start(args, format);
    vsnprintf(s->reason, sizeof(s->reason), format, args);
    va_end(args);
    note("event %s %s %u %d", s->config->name, event_name(event), s->wanted,
         (int)s->pid);
    s->state = after[event];
}

static void
decide(struct grade *g)
{
    struct service *s;
    bool clean;
    const char *reason;

    take_table(g);
    s = &services[grade_u32(g)];
    clean = grade_u8(g);
    reason = grade_string(g);
    now = grade_u64(g);
    due = grade_u8(g);
    delay = grade_u64(g);
    s->restarts = grade_u32(g);
    s->config->restart_limit = grade_u32(g);
    s->config->restart_window = grade_u64(g);
    s->supervision->timer.due = now + 12345;
    ended_decide(s, clean, reason);
    grade_put_string(g, record);
    grade_put_string(g, s->reason);
    grade_put_u8(g, s->wanted);
    grade_put_u8(g, (uint8_t)s->state);
    grade_put_u32(g, s->restarts);
    grade_put_u64(g, s->supervision->not_before);
    grade_put_u64(g, s->supervision->timer.due);
    grade_put_u32(g, asked_delay);
    grade_put_u64(g, asked_at);
    grade_put_u8(g, asked_clean);
}

GRADE_CASES({"decide", decide});
