/* How the host tools say what went wrong. */
#pragma once

#include <err.h>
#include <stdbool.h>

/* Prints "tool: what: why" and returns false. */
static inline bool
complain(const char *what, const char *why)
{
    warnx("%s: %s", what, why);
    return false;
}
