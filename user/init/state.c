#include "state.h"
#include "log.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NEVER SERVICE_STATES

/* A row for each state, a column for each event. The order of the columns is
 * that of enum service_event: LAUNCHED, IS_READY, STOP_SENT, ENDED, GAVE_UP,
 * NO_HARDWARE, RESET. */
static const enum service_state table[SERVICE_STATES][SERVICE_EVENTS] = {
    /* clang-format off */
    [SERVICE_STOPPED] = {
        SERVICE_STARTING, NEVER, NEVER, NEVER,
        SERVICE_FAILED, SERVICE_NO_DEVICE, NEVER},
    [SERVICE_STARTING] = {
        NEVER, SERVICE_RUNNING, SERVICE_STOPPING, SERVICE_STOPPED,
        SERVICE_FAILED, SERVICE_NO_DEVICE, NEVER},
    [SERVICE_RUNNING] = {
        NEVER, NEVER, SERVICE_STOPPING, SERVICE_STOPPED,
        SERVICE_FAILED, SERVICE_NO_DEVICE, NEVER},
    [SERVICE_STOPPING] = {
        NEVER, NEVER, NEVER, SERVICE_STOPPED,
        NEVER, NEVER, NEVER},
    [SERVICE_FAILED] = {
        NEVER, NEVER, NEVER, NEVER,
        NEVER, NEVER, SERVICE_STOPPED},
    [SERVICE_NO_DEVICE] = {
        NEVER, NEVER, NEVER, NEVER,
        NEVER, NEVER, SERVICE_STOPPED},
    /* clang-format on */
};

static struct service_observer *observers;

enum service_state
state_after(enum service_state state, enum service_event event)
{
    return table[state][event];
}

const char *
service_state_name(enum service_state state)
{
    static const char *const names[] = {
        [SERVICE_STOPPED] = "stopped", [SERVICE_STARTING] = "starting",
        [SERVICE_RUNNING] = "running", [SERVICE_STOPPING] = "stopping",
        [SERVICE_FAILED] = "failed",   [SERVICE_NO_DEVICE] = "no-device",
    };

    return names[state];
}

void
service_observe(struct service_observer *o)
{
    o->next = observers;
    observers = o;
}

void
service_unobserve(struct service_observer *o)
{
    struct service_observer **at = &observers;

    while (*at && *at != o)
        at = &(*at)->next;
    if (*at)
        *at = o->next;
}

static void
note_times(struct service *s)
{
    s->changed = loop_now();
    if (s->state == SERVICE_STARTING) {
        s->started = s->changed;
        s->ready = 0;
        if (!s->first_started)
            s->first_started = s->changed;
    }
    if (s->state == SERVICE_RUNNING) {
        s->ready = s->changed;
        if (!s->first_ready)
            s->first_ready = s->changed;
    }
}

void
state_event(struct service *s, enum service_event event, const char *format,
            ...)
{
    enum service_state before = s->state, after = state_after(before, event);
    va_list args;

    va_start(args, format);
    vsnprintf(s->reason, sizeof(s->reason), format, args);
    va_end(args);
    if (after == NEVER) {
        log_line("%s: cannot be: event %d while %s (%s)", s->config->name,
                 event, service_state_name(before), s->reason);
        return;
    }
    s->state = after;
    note_times(s);
    log_line("%s: %s -> %s: %s", s->config->name, service_state_name(before),
             service_state_name(after), s->reason);
    for (struct service_observer *o = observers, *next; o; o = next) {
        next = o->next;
        o->changed(o, s, before);
    }
}

void
state_note(struct service *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->reason, sizeof(s->reason), format, args);
    va_end(args);
}
