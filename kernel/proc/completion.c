#include "proc/completion.h"

void
completion_init(struct completion *c)
{
    spin_init(&c->lock, "completion", RANK_COMPLETION);
    waitq_init(&c->waitq);
    c->done = false;
}

void
completion_signal(struct completion *c)
{
    /* Once the lock is free the waiter may return and its stack frame be
     * gone, so the wake-up is inside. */
    spin_lock(&c->lock);
    c->done = true;
    waitq_wake_all(&c->waitq);
    spin_unlock(&c->lock);
}

void
completion_wait(struct completion *c)
{
    spin_lock(&c->lock);
    while (!c->done)
        waitq_sleep(&c->waitq, &c->lock);
    spin_unlock(&c->lock);
}
