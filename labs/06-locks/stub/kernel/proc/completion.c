#include "proc/completion.h"
#include "lib/todo.h"

void
completion_init(struct completion *c)
{
    spin_init(&c->lock, "completion", RANK_COMPLETION);
    waitq_init(&c->waitq);
    c->done = false;
}

/* The completion is on the waiter's stack. What is the last moment at which it
 * is certain to be there? */
void
completion_signal(struct completion *c)
{
    LAB_TODO(6);
}

void
completion_wait(struct completion *c)
{
    LAB_TODO(6);
}
