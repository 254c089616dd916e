#include "state.h"
#include "log.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <todo.h>

static struct service_observer *observers;

/* The rules stand in state.h. A table of states and events shows best that none
 * of the 42 pairs was forgotten. */
enum service_state
state_after(enum service_state state, enum service_event event)
{
    LAB_TODO(13);
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

/* s has come into its state now (loop_now): that is `changed`, and for one that
 * starts or runs, `started` or `ready`, too. What starts anew is not ready; the
 * first times ever are kept in first_started and first_ready. */
static void
note_times(struct service *s)
{
    LAB_TODO(13);
}

/* Reason, state, times, a line in the log ("NAME: stopped -> starting: why"),
 * and at last the observers, who look at all of these. An event that cannot be
 * is a mistake elsewhere: it gets a line, too, and nobody is told. */
void
state_event(struct service *s, enum service_event event, const char *format,
            ...)
{
    LAB_TODO(13);
}

void
state_note(struct service *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->reason, sizeof(s->reason), format, args);
    va_end(args);
}
