/* Many blocks moved at once, and waited for together.
 *
 * Neighbours that are added one after the other become one request, up to
 * what the device takes; requests start as they fill up, so several are under
 * way. Lives on its user's stack; thread context, may block. */
#pragma once

#include "dev/blockdev.h"
#include "proc/waitq.h"

struct blockio_request;

struct blockio {
    /* constant after init */
    struct blockdev *dev;
    enum blk_op op;

    struct spinlock lock;
    struct waitq waitq;
    /* guarded by lock */
    unsigned pending; /* requests under way */
    int status;       /* of the first that failed */

    /* private to the owner */
    struct blockio_request *open; /* to which neighbours may be added */
};

/* op is BLK_READ or BLK_WRITE. */
void blockio_init(struct blockio *io, struct blockdev *dev, enum blk_op op);

/* Moves block (of BLOCK_SIZE bytes) from or to page, in the direct map, which
 * stays the device's until blockio_wait. Without memory for a request it
 * waits for this one block. */
void blockio_add(struct blockio *io, uint64_t block, void *page);

/* Starts what has not been started, and waits for all.
 * Returns 0 or the first error. */
int blockio_wait(struct blockio *io) MUST_CHECK;
