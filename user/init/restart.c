#include "restart.h"
#include <errno.h>

#define LONGEST_DELAY (32 * CONFIG_SECOND)
/* One that fails at once leaves time to others. */
#define SHORTEST_DELAY (CONFIG_SECOND / 100)

bool
restart_may_help(int error)
{
    return error == ENOMEM || error == EAGAIN || error == EMFILE ||
           error == ENFILE || error == EIO;
}

bool
restart_is_due(const struct config *c, bool clean)
{
    return c->restart == CONFIG_ALWAYS ||
           (c->restart == CONFIG_ON_FAILURE && !clean);
}

/* How many restarts there were in the window that ends now. */
static unsigned
count_recent(const struct restart_history *h, uint64_t window, uint64_t now)
{
    unsigned kept =
        h->count < CONFIG_RESTARTS ? h->count : (unsigned)CONFIG_RESTARTS;
    unsigned recent = 0;

    for (unsigned i = 0; i < kept; i++)
        if (h->at[i] + window > now)
            recent++;
    return recent;
}

uint64_t
restart_delay(struct restart_history *h, const struct config *c, uint64_t now)
{
    unsigned recent = count_recent(h, c->restart_window, now);
    uint64_t delay =
        c->restart_delay > SHORTEST_DELAY ? c->restart_delay : SHORTEST_DELAY;

    if (c->restart_limit && recent >= c->restart_limit)
        return RESTART_NEVER;
    for (unsigned i = 0; i < recent && delay < LONGEST_DELAY; i++)
        delay *= 2;
    /* A restart counts from when it happens, not from when it is decided. */
    delay = delay < LONGEST_DELAY ? delay : LONGEST_DELAY;
    h->at[h->count++ % CONFIG_RESTARTS] = now + delay;
    return delay;
}
