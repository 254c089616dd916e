#include "restart.h"
#include <errno.h>
#include <todo.h>

#define LONGEST_DELAY (32 * CONFIG_SECOND)
/* One that fails at once leaves time to others. */
#define SHORTEST_DELAY (CONFIG_SECOND / 100)

bool
restart_may_help(int error)
{
    return error == ENOMEM || error == EAGAIN || error == EMFILE ||
           error == ENFILE || error == EIO;
}

/* never, always, or if it did not end as it should. */
bool
restart_is_due(const struct config *c, bool clean)
{
    LAB_TODO(13);
}

/* The history is a ring: of the last CONFIG_RESTARTS restarts, those count that
 * were less than a window ago. A restart-limit of 0 is none. Mind how often a
 * delay can be doubled before it no longer fits. */
uint64_t
restart_delay(struct restart_history *h, const struct config *c, uint64_t now)
{
    LAB_TODO(13);
}
