/* What a service may: its user, its limits and its root. All of it is
 * irrevocable, and goes on to all that the service starts. */
#pragma once

#include "config.h"

/* In a child: takes on the limits, the root directory and the user of a file,
 * and sets HOME, USER and so on. */
void isolate(const struct config *c);
