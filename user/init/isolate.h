/* What a service may: its user, its limits, its root and its files. All of it
 * is irrevocable, and goes on to all that the service starts. */
#pragma once

#include "config.h"
#include <stdbool.h>
#include <sys/types.h>

/* In a child that is to run program: takes on the limits, the root directory,
 * the user and the files of a file, and sets HOME, USER and so on. */
void isolate(const struct config *c, const char *program);

/* Who a service is to be; root without `user`. False if nobody is called so. */
bool isolate_user(const struct config *c, uid_t *to);
