/* A one-shot event: one side waits, the other says "done".
 *
 * Lives on the waiter's stack; completion_signal may be called from any
 * context and does not touch the completion once the waiter may return. */
#pragma once

#include "proc/waitq.h"

struct completion {
    struct spinlock lock;
    struct waitq waitq;
    /* guarded by lock */
    bool done;
};

void completion_init(struct completion *c);
void completion_signal(struct completion *c);

/* Sleeps until signalled. Thread context, may block. */
void completion_wait(struct completion *c);
