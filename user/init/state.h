/* The states of services: what can follow what, as one table. */
#pragma once

#include "service.h"
#include <sys/cdefs.h>

/* The state after an event, or SERVICE_STATES if it cannot happen in this
 * state. One that is stopped can be launched, one that starts can be ready, and
 * both what starts and what runs can be asked to stop; whatever is up can end.
 * Giving up and missing hardware may come to all that is neither stopping nor
 * down for good, and RESET to what is down for good, and then it is stopped. */
enum service_state state_after(enum service_state state,
                               enum service_event event);

/* What has happened to s: changes its state, notes when and why, and tells the
 * observers. The reason is a text as printf's. What cannot be is logged, and
 * changes nothing but the reason. */
void state_event(struct service *s, enum service_event event,
                 const char *format, ...) PRINTF(3, 4);

/* Notes a reason without a change of state, as why it waits. */
void state_note(struct service *s, const char *format, ...) PRINTF(2, 3);
