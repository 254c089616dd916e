/* What services wait for. */
#pragma once

#include "service.h"

/* A service is up from its start until its process is gone. */
bool depend_is_up(const struct service *s);

/* Nothing will change by itself: it runs and is to run, or is down for good, or
 * is stopped and nobody wants it, now or again. */
bool depend_is_settled(const struct service *s);

/* The name of one that s requires and that will not run, or NULL: there is no
 * such service, or it is down and settled. */
const char *depend_failed(const struct service *s);

/* The name of what s has to wait for before it may start, or NULL: "the
 * console", if it has it and another does still, or it is not open yet; what it
 * requires and does not run; what it requires or wants, or comes after, and
 * is not settled. Names that no service has are nothing to wait for. */
const char *depend_waits_for(const struct service *s);

/* Whether one that comes after s, by any of its three lists, is up and has to
 * be down before s is stopped. Who is to go on running does not count. */
bool depend_is_held(const struct service *s);

/* Services with the console wait until this is called: what is said at boot is
 * not to be mixed with what they say. */
void depend_open_console(void);

/* Finds cycles of after, requires and wants; each one's members are broken and
 * fail, with the cycle as the reason. */
void depend_break_cycles(void);
