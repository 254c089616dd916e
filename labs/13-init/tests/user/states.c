/* What follows what, and who is told. */
// WITH: user/init/state.c
#include "grade.h"
#include "user/init/log.h"
#include "user/init/state.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static uint64_t now;
static unsigned log_lines;
static char last_line[400];

uint64_t
loop_now(void)
{
    return now;
}

void
log_line(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(last_line, sizeof(last_line), format, args);
    va_end(args);
    log_lines++;
}

/* What an observer has seen when it was told last. */
struct seen {
    struct service_observer observer;
    unsigned told;
    enum service_state before, state;
    uint64_t changed, started;
    char reason[SERVICE_REASON_MAX];
};

static void
look(struct service_observer *o, struct service *s, enum service_state before)
{
    struct seen *seen = (struct seen *)o;

    seen->told++;
    seen->before = before;
    seen->state = s->state;
    seen->changed = s->changed;
    seen->started = s->started;
    snprintf(seen->reason, sizeof(seen->reason), "%s", s->reason);
}

static void
table(struct grade *g)
{
    for (unsigned s = 0; s < SERVICE_STATES; s++)
        for (unsigned e = 0; e < SERVICE_EVENTS; e++)
            grade_put_u8(g, (uint8_t)state_after(s, e));
}

static void
put_seen(struct grade *g, const struct seen *seen)
{
    grade_put_u32(g, seen->told);
    grade_put_u8(g, (uint8_t)seen->before);
    grade_put_u8(g, (uint8_t)seen->state);
    grade_put_u64(g, seen->changed);
    grade_put_u64(g, seen->started);
    grade_put_string(g, seen->reason);
}

/* A life: events with their times and reasons; after each, all that is known of
 * the service, and what two observers have seen. */
static void
life(struct grade *g)
{
    static struct seen one = {.observer.changed = look},
                       two = {.observer.changed = look};
    static struct config config;
    static struct service s = {.config = &config};
    uint32_t count;

    snprintf(config.name, sizeof(config.name), "%s", grade_string(g));
    s.state = grade_u8(g);
    count = grade_u32(g);
    service_observe(&one.observer);
    service_observe(&two.observer);
    for (uint32_t i = 0; i < count; i++) {
        enum service_event event = grade_u8(g);
        const char *why;
        now = grade_u64(g);
        why = grade_string(g);
        *last_line = '\0';
        state_event(&s, event, "%s, %u", why, i);
        grade_put_u8(g, (uint8_t)s.state);
        grade_put_string(g, s.reason);
        grade_put_u64(g, s.changed);
        grade_put_u64(g, s.started);
        grade_put_u64(g, s.ready);
        grade_put_u64(g, s.first_started);
        grade_put_u64(g, s.first_ready);
        grade_put_string(g, last_line);
        put_seen(g, &one);
        put_seen(g, &two);
    }
}

GRADE_CASES({"table", table}, {"life", life});
