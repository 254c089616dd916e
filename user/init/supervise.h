/* The supervisor: makes what is so be what is wished.
 *
 * Each turn of the event loop it looks at every service and takes the steps
 * that are possible; processes that end, timers and what services say make
 * more steps possible. */
#pragma once

#include "service.h"

/* The supervisor's part of a service, from malloc; NULL: no memory. */
struct supervision *supervise_add(struct service *s);

/* Forgets that s was restarted and that it has to wait before the next start.
 */
void supervise_forget(struct service *s);

/* Ends s's processes at once: it misbehaves, and why says how. Its policy says
 * whether it starts again. */
void supervise_kill(struct service *s, const char *why);

/* s says that it does its work; that it is alive. */
void supervise_ready(struct service *s);
void supervise_beat(struct service *s);

/* Takes what s's process has said until now. */
void supervise_hear(struct service *s);

/* Starts and stops what can be started and stopped, until nothing more can. */
void supervise_turn(void);
