#include "virtio/blk.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/todo.h"
#include "mm/slab.h"

/* No device writes this: what is still there after a request is an answer
 * that never came. */
#define STATUS_NONE 0xff

int
blk_queue_init(struct blk *blk, unsigned index, unsigned segments)
{
    struct blk_queue *q = &blk->queues[index];
    q->blk = blk;
    list_init(&q->free);
    list_init(&q->waiting);
    timer_init(&q->watchdog, blk_watchdog);

    int err = virtio_add_queue(blk->dev, &q->vq, VIRTQ_SIZE_MAX, segments + 2);
    if (err != 0)
        return err;
    q->slots = kzalloc(q->vq.size * sizeof(*q->slots));
    if (q->slots == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < q->vq.size; i++)
        list_push_back(&q->free, &q->slots[i].node);
    return 0;
}

/* ---- Starting requests ---- */

static const uint32_t request_types[] = {
    [BLK_READ] = VIRTIO_BLK_T_IN,
    [BLK_WRITE] = VIRTIO_BLK_T_OUT,
    [BLK_FLUSH] = VIRTIO_BLK_T_FLUSH,
    [BLK_GET_ID] = VIRTIO_BLK_T_GET_ID,
};

/* Makes q->bufs the chain of slot->req: the header, the data, and the status
 * byte [virtio §5.2.6], with vectors cut up at segment_bytes. A flush has no
 * data. Returns the number of buffers. */
static unsigned
build_chain(struct blk_queue *q, struct blk_slot *slot) REQUIRES(q->vq.lock)
{
    LAB_TODO(8);
}

/* Takes a free slot, fills in the header [virtio §5.2.6] and STATUS_NONE, and
 * gives the chain to the device: what it reads first, what it writes last.
 * Notes in the slot how many bytes it must write, and which look of the
 * watchdog saw it leave (q->looks), and has the queue watched.
 *
 * Returns 0; or -ENOSPC if there is no slot, or what virtq_add says, and then
 * nothing has happened. */
static int
start_request(struct blk_queue *q, struct blkreq *req) REQUIRES(q->vq.lock)
{
    LAB_TODO(8);
}

/* Starts waiting requests, the first to come first, while there is room, and
 * ends the batch. Returns whether the device is to be notified. */
static bool
fill(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    LAB_TODO(8);
}

/* To the queue of this hart. A request that finds no room, or others waiting,
 * waits; one that finds the queue closed fails with -EIO, and hears of it when
 * no lock is held. Nobody is notified: that is what blk_kick is for. */
void
blk_submit(struct blockdev *disk, struct blkreq *req)
{
    LAB_TODO(8);
}

/* All queues, since the thread may have come from another hart after its
 * last submit. Bells ring with no lock held. */
void
blk_kick(struct blockdev *disk)
{
    LAB_TODO(8);
}

/* ---- Finishing them ---- */

/* What came of a request whose chain is back, of which len bytes were written:
 * 0, -EOPNOTSUPP if the device does not know such requests, -EIO for all else
 * that is not OK [virtio §5.2.6].
 *
 * Beyond len nothing may be relied upon [virtio §2.7.8.3]: a device that says
 * OK, but has not written all that is slot->writable, has failed, too. Legacy
 * devices are excused [virtio §2.7.8.1]. The status may change while you look.
 *
 * A device that fails a request is one thing, one that makes no sense another:
 * that costs a line in the log. */
static int
judge(const struct blk_queue *q, const struct blk_slot *slot, uint32_t len)
{
    LAB_TODO(8);
}

/* A slot has done its work: its request gets its status and goes to `done`, the
 * slot is free. */
static void
retire(struct blk_queue *q, struct blk_slot *slot, int status,
       struct list_node *done) REQUIRES(q->vq.lock)
{
    LAB_TODO(8);
}

/* Moves finished requests to `done`, with interrupts off while there are any;
 * they are on again when it returns, and nothing has been missed in between.
 * Says in blk->answered that the device gets on, if it does. Returns 0, or -EIO
 * if the queue is broken. */
static int
drain(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    LAB_TODO(8);
}

/* Requests that failed are counted (disk.errors: other harts count, too). After
 * done the request is somebody else's memory. */
void
blk_complete(struct blk *blk, struct list_node *done)
{
    LAB_TODO(8);
}

/* Under the lock: drain and fill, unless the queue is closed. With no lock
 * held: first the device is notified of its new work, then the waiters hear,
 * and last, a broken queue means blk_recover. */
void
blk_queue_poll(struct blk_queue *q)
{
    LAB_TODO(8);
}

/* The device has been reset: virtq_reclaim takes back all that it had. What was
 * waiting for room fails as well. */
void
blk_queue_close(struct blk_queue *q, struct list_node *failed)
{
    LAB_TODO(8);
}
