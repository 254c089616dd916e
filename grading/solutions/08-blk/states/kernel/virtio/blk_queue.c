/* What a request is to the device, and what an answer means, are tables; a slot
 * is free if it has no request. */
#include "virtio/blk.h"
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
    list_init(&q->free); /* stays empty */
    list_init(&q->waiting);
    timer_init(&q->watchdog, blk_watchdog);

    int err = virtio_add_queue(blk->dev, &q->vq, VIRTQ_SIZE_MAX, segments + 2);
    if (err != 0)
        return err;
    q->slots = kzalloc(q->vq.size * sizeof(*q->slots));
    return q->slots != NULL ? 0 : -ENOMEM;
}

/* ---- Starting requests ---- */

/* [virtio §5.2.6] */
static const struct kind {
    uint32_t type;
    bool has_sector, has_data;
    bool writes; /* the device does, to the data */
} kinds[] = {
    [BLK_READ] = {VIRTIO_BLK_T_IN, true, true, true},
    [BLK_WRITE] = {VIRTIO_BLK_T_OUT, true, true, false},
    [BLK_FLUSH] = {VIRTIO_BLK_T_FLUSH, false, false, false},
    [BLK_GET_ID] = {VIRTIO_BLK_T_GET_ID, false, true, true},
};

/* Adds the pieces of a vector to the n buffers of q->bufs. Returns how many
 * there are then. */
static unsigned
add_vector(struct blk_queue *q, unsigned n, const struct blkvec *vec)
    REQUIRES(q->vq.lock)
{
    size_t most = q->blk->segment_bytes;
    for (size_t at = 0; at < vec->len; at += most)
        q->bufs[n++] = (struct virtq_buf){
            .base = (char *)vec->base + at,
            .len = (uint32_t)MIN(vec->len - at, most),
        };
    return n;
}

/* Makes q->bufs the chain of slot->req: the header, the data, and the status
 * byte. Returns the number of buffers. */
static unsigned
build_chain(struct blk_queue *q, struct blk_slot *slot) REQUIRES(q->vq.lock)
{
    const struct blkreq *req = slot->req;
    unsigned n = 0;
    q->bufs[n++] =
        (struct virtq_buf){.base = &slot->header, .len = sizeof(slot->header)};
    if (kinds[req->op].has_data)
        for (unsigned i = 0; i < req->nvec; i++)
            n = add_vector(q, n, &req->vec[i]);
    q->bufs[n++] =
        (struct virtq_buf){.base = &slot->status, .len = sizeof(slot->status)};
    return n;
}

/* A slot without a request, or NULL. They come back mostly in the order in
 * which they went. */
static struct blk_slot *
find_slot(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    for (unsigned i = 0; i < q->vq.size; i++) {
        struct blk_slot *slot = &q->slots[(q->vq.added + i) % q->vq.size];
        if (slot->req == NULL)
            return slot;
    }
    return NULL;
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
    const struct kind *kind = &kinds[req->op];
    struct blk_slot *slot = find_slot(q);
    if (slot == NULL)
        return -ENOSPC;
    slot->req = req;
    slot->header = (struct virtio_blk_header){
        .type = kind->type,
        .sector = kind->has_sector ? req->sector : 0,
    };
    slot->status = STATUS_NONE;
    slot->since = q->looks;

    unsigned n = build_chain(q, slot);
    unsigned first_written = kind->writes ? 1 : n - 1;
    slot->writable = 0;
    for (unsigned i = first_written; i < n; i++)
        slot->writable += q->bufs[i].len;
    int error =
        virtq_add(&q->vq, q->bufs, first_written, n - first_written, slot);
    if (error != 0) {
        slot->req = NULL;
        return error;
    }
    blk_watch(q);
    return 0;
}

/* Starts waiting requests, the first to come first, while there is room, and
 * ends the batch. Returns whether the device is to be notified. */
static bool
fill(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    struct blkreq *req;
    while ((req = list_first(struct blkreq, &q->waiting, link)) != NULL) {
        /* Once it has started it may be done, by another hart, and gone; not
         * before we let go of the lock, though. */
        list_del(&req->link);
        if (start_request(q, req) == 0)
            continue;
        list_push_front(&q->waiting, &req->link);
        break;
    }
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
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        bool wanted = !q->closed && virtq_end_batch(&q->vq);
        spin_unlock(&q->vq.lock);
        if (wanted)
            virtq_notify(&q->vq);
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
    static const int meanings[] = {
        [VIRTIO_BLK_S_OK] = 0,
        [VIRTIO_BLK_S_IOERR] = -EIO,
        [VIRTIO_BLK_S_UNSUPP] = -EOPNOTSUPP,
    };
    uint8_t status = READ_ONCE(slot->status);
    int result = status < ARRAY_LEN(meanings) ? meanings[status] : -EIO;
    bool is_short = len < slot->writable && !q->blk->dev->transport->legacy;
    if (status > VIRTIO_BLK_S_UNSUPP || (result == 0 && is_short))
        pr_err("%s: status %#x with %u of %u bytes, at sector %llu",
               q->blk->disk.name, status, len, slot->writable,
               (unsigned long long)slot->header.sector);
    return result == 0 && is_short ? -EIO : result;
}

/* With the lock of its queue held: a slot has done its work: its request gets
 * its status and goes to `done`, the slot is free. */
static void
retire(struct blk_slot *slot, int status, struct list_node *done)
{
    struct blkreq *req = slot->req;
    slot->req = NULL;
    req->status = status;
    list_push_back(done, &req->link);
}

/* Moves finished requests to `done`, with interrupts off while there are any;
 * they are on again when it returns, and nothing has been missed in between.
 * Says in blk->answered that the device gets on, if it does. Returns 0, or -EIO
 * if the queue is broken. */
static int
drain(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    int error;
    do {
        void *slot;
        uint32_t len;
        virtq_disable_irq(&q->vq);
        while ((error = virtq_pop_used(&q->vq, &slot, &len)) == 0) {
            retire(slot, judge(q, slot, len), done);
            WRITE_ONCE(q->blk->answered, true);
        }
    } while (error == -EAGAIN && virtq_enable_irq(&q->vq));
    return error == -EAGAIN ? 0 : error;
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
    bool wanted = false;
    int error = 0;
    spin_lock(&q->vq.lock);
    if (!q->closed) {
        error = drain(q, &done);
        wanted = error == 0 && fill(q);
    }
    spin_unlock(&q->vq.lock);
    if (wanted)
        virtq_notify(&q->vq);
    blk_complete(q->blk, &done);
    if (error != 0)
        (void)!blk_recover(q->blk);
}

/* The device has been reset: virtq_reclaim takes back all that it had. What was
 * waiting for room fails as well. */
void
blk_queue_close(struct blk_queue *q, struct list_node *failed)
{
    struct blk_slot *slot;
    struct blkreq *req;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((slot = virtq_reclaim(&q->vq)) != NULL)
        retire(slot, -EIO, failed);
    while ((req = list_pop(struct blkreq, &q->waiting, link)) != NULL) {
        req->status = -EIO;
        list_push_back(failed, &req->link);
    }
}
