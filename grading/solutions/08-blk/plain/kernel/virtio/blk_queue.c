/* One table: a request is in a slot or in `waiting`, and every function is one
 * loop over one of them. */
#include "virtio/blk.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/print.h"
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
    const struct blkreq *req = slot->req;
    unsigned nvec = req->op == BLK_FLUSH ? 0 : req->nvec;
    unsigned n = 0;
    q->bufs[n++] = (struct virtq_buf){&slot->header, sizeof(slot->header)};
    for (unsigned i = 0; i < nvec; i++) {
        char *base = req->vec[i].base;
        size_t left = req->vec[i].len;
        while (left > 0) {
            uint32_t len = (uint32_t)MIN(left, q->blk->segment_bytes);
            q->bufs[n++] = (struct virtq_buf){base, len};
            base += len;
            left -= len;
        }
    }
    q->bufs[n++] = (struct virtq_buf){&slot->status, sizeof(slot->status)};
    return n;
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
    struct blk_slot *slot = list_first(struct blk_slot, &q->free, node);
    if (slot == NULL)
        return -ENOSPC;
    bool has_sector = req->op == BLK_READ || req->op == BLK_WRITE;
    slot->header = (struct virtio_blk_header){
        .type = request_types[req->op],
        .sector = has_sector ? req->sector : 0,
    };
    slot->status = STATUS_NONE;
    slot->req = req;
    slot->since = q->looks;
    slot->writable = 0;
    unsigned n = build_chain(q, slot);
    unsigned nout = req->op == BLK_WRITE ? n - 1 : 1;
    for (unsigned i = nout; i < n; i++)
        slot->writable += q->bufs[i].len;
    int err = virtq_add(&q->vq, q->bufs, nout, n - nout, slot);
    if (err != 0) {
        slot->req = NULL;
        return err;
    }
    list_del(&slot->node);
    blk_watch(q);
    return 0;
}

/* Starts waiting requests, the first to come first, while there is room, and
 * ends the batch. Returns whether the device is to be notified. */
static bool
fill(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    struct blkreq *req;
    while ((req = list_first(struct blkreq, &q->waiting, link)) != NULL &&
           start_request(q, req) == 0)
        list_del(&req->link);
    return virtq_end_batch(&q->vq);
}

/* To the queue of this hart. A request that finds no room, or others waiting,
 * waits; one that finds the queue closed fails with -EIO, and hears of it when
 * no lock is held. Nobody is notified: that is what blk_kick is for. */
void
blk_submit(struct blockdev *disk, struct blkreq *req)
{
    struct blk *blk = disk->driver;
    struct blk_queue *q = &blk->queues[this_cpu()->index % blk->nqueues];
    struct list_node failed = LIST_INIT(failed);
    spin_lock(&q->vq.lock);
    if (q->closed) {
        req->status = -EIO;
        list_push_back(&failed, &req->link);
    } else if (!list_is_empty(&q->waiting) || start_request(q, req) != 0) {
        list_push_back(&q->waiting, &req->link);
    }
    spin_unlock(&q->vq.lock);
    blk_complete(blk, &failed);
}

/* All queues, since the thread may have come from another hart after its
 * last submit. Bells ring with no lock held. */
void
blk_kick(struct blockdev *disk)
{
    struct blk *blk = disk->driver;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct virtq *vq = &blk->queues[i].vq;
        spin_lock(&vq->lock);
        bool bell = virtq_end_batch(vq);
        spin_unlock(&vq->lock);
        if (bell)
            virtq_notify(vq);
    }
}

/* ---- Finishing them ---- */

/* What came of a request whose chain is back, of which len bytes were written:
 * 0, -EOPNOTSUPP if the device does not know such requests, -EIO for all else
 * that is not OK [virtio §5.2.6].
 *
 * Beyond len nothing may be relied upon [virtio §2.7.8.3]: a device that says
 * OK, but has not written all that is slot->writable, has failed, too. Legacy
 * devices are excused [virtio §2.7.8.1]. The status may change while you look.
 */
static int
judge(const struct blk_queue *q, const struct blk_slot *slot, uint32_t len)
{
    uint8_t status = READ_ONCE(slot->status);
    const char *name = q->blk->disk.name;
    if (status == VIRTIO_BLK_S_UNSUPP)
        return -EOPNOTSUPP;
    if (status != VIRTIO_BLK_S_OK) {
        pr_err("%s: status %#x for a request at sector %llu", name, status,
               (unsigned long long)slot->header.sector);
        return -EIO;
    }
    if (len < slot->writable && !q->vq.transport->legacy) {
        pr_err("%s: %u of %u bytes written, yet status OK", name, len,
               slot->writable);
        return -EIO;
    }
    return 0;
}

/* A slot has done its work: its request gets its status and goes to `done`, the
 * slot is free. */
static void
retire(struct blk_queue *q, struct blk_slot *slot, int status,
       struct list_node *done) REQUIRES(q->vq.lock)
{
    slot->req->status = status;
    list_push_back(done, &slot->req->link);
    slot->req = NULL;
    list_push_back(&q->free, &slot->node);
}

/* Moves finished requests to `done`, with interrupts off while there are any;
 * they are on again when it returns, and nothing has been missed in between.
 * Says in blk->answered that the device gets on, if it does. Returns 0, or -EIO
 * if the queue is broken. */
static int
drain(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    int err;
    do {
        void *slot;
        uint32_t len;
        virtq_disable_irq(&q->vq);
        while ((err = virtq_pop_used(&q->vq, &slot, &len)) == 0) {
            retire(q, slot, judge(q, slot, len), done);
            WRITE_ONCE(q->blk->answered, true);
        }
    } while (virtq_enable_irq(&q->vq) && err == -EAGAIN);
    return err == -EAGAIN ? 0 : err;
}

/* Requests that failed are counted (disk.errors: other harts count, too). After
 * done the request is somebody else's memory. */
void
blk_complete(struct blk *blk, struct list_node *done)
{
    struct blkreq *req;
    while ((req = list_pop(struct blkreq, done, link)) != NULL) {
        if (req->status != 0)
            __atomic_fetch_add(&blk->disk.errors, 1, __ATOMIC_RELAXED);
        req->done(req);
    }
}

/* Under the lock: drain and fill, unless the queue is closed. With no lock
 * held: first the device is notified of its new work, then the waiters hear,
 * and last, a broken queue means blk_recover. */
void
blk_queue_poll(struct blk_queue *q)
{
    struct list_node done = LIST_INIT(done);
    int err = 0;
    bool bell = false;
    spin_lock(&q->vq.lock);
    if (!q->closed) {
        err = drain(q, &done);
        bell = fill(q);
    }
    spin_unlock(&q->vq.lock);
    if (bell)
        virtq_notify(&q->vq);
    blk_complete(q->blk, &done);
    if (err != 0)
        blk_recover(q->blk);
}

/* The device has been reset: virtq_reclaim takes back all that it had. What was
 * waiting for room fails as well. */
void
blk_queue_close(struct blk_queue *q, struct list_node *failed)
{
    struct blk_slot *slot;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((slot = virtq_reclaim(&q->vq)) != NULL)
        retire(q, slot, -EIO, failed);
    list_for_each (struct blkreq, req, &q->waiting, link)
        req->status = -EIO;
    list_splice_back(failed, &q->waiting);
}
