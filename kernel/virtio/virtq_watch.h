/* What is traced of virtqueues: a look at the rings, as a logic analyser has at
 * a bus, after whatever may have changed them. So a driver, and whoever writes
 * virtq.c anew, need not know that there are tracepoints.
 *
 * Owns vq->watch. Any context, under the queue's lock. */
#pragma once

#include "trace/trace.h"
#include "virtio/virtq.h"

/* Records what has happened since the last call: entries that the device made
 * in the used ring, chains that are free again, and chains that were
 * published. If nobody wanted to know until now, that is the last `added`
 * chains. */
void virtq_watch_now(struct virtq *vq, unsigned added) REQUIRES(vq->lock);

/* After a chain was added. */
static inline void
virtq_watch(struct virtq *vq) REQUIRES(vq->lock)
{
    if (trace_on(virtq) && !vq->watch.untraced)
        virtq_watch_now(vq, 1);
}

/* The device is about to be notified. Needs no lock. */
void virtq_watch_notify_now(struct virtq *vq);

static inline void
virtq_watch_notify(struct virtq *vq)
{
    if (trace_on(virtq) && !vq->watch.untraced)
        virtq_watch_notify_now(vq);
}
