/* When a service that has ended by itself starts again. Pure. */
#pragma once

#include "config.h"

struct restart_history {
    uint64_t at[CONFIG_RESTARTS]; /* a ring of the last restarts */
    unsigned count;               /* of all of them */
};

#define RESTART_NEVER UINT64_MAX

/* The policy: whether one that ended by itself, well (clean) or not, is to be
 * started again at all. */
bool restart_is_due(const struct config *c, bool clean);

/* Whether what kept a program from running may pass. */
bool restart_may_help(int error);

/* Decides at `now` on a restart and returns how long to wait before it: the
 * file's delay, but at least 10 ms, doubled for each one before it in the
 * window that ends now, and at most 32 s. It counts from when it happens. If
 * there were as many in the window as are allowed: RESTART_NEVER, and nothing
 * is counted. */
uint64_t restart_delay(struct restart_history *h, const struct config *c,
                       uint64_t now);
