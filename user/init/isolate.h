/* What a service may: its user, its limits, its root and its system calls. All
 * of it is irrevocable, and goes on to all that the service starts. */
#pragma once

#include "config.h"

/* In a child: takes on the limits, the root directory and the user of a file,
 * and sets HOME, USER and so on. */
void isolate(const struct config *c);

/* In a child, right before exec: lets it make only the system calls of the
 * file. */
void isolate_calls(const struct config *c);
