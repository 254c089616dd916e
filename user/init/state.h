/* The states of services: what can follow what, as one table. */
#pragma once

#include "service.h"
#include <sys/cdefs.h>

/* The state after an event, or SERVICE_STATES if it cannot happen in this
 * state. */
enum service_state state_after(enum service_state state,
                               enum service_event event);

/* What has happened to s: changes its state, notes when and why, and tells the
 * observers. The reason is a text as printf's. */
void state_event(struct service *s, enum service_event event,
                 const char *format, ...) PRINTF(3, 4);

/* Notes a reason without a change of state, as why it waits. */
void state_note(struct service *s, const char *format, ...) PRINTF(2, 3);
