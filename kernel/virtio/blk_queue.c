#include "virtio/blk.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/slab.h"
#include "virtio/virtq_watch.h"

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

/* Makes q->bufs the chain of a request: header, data, status
 * [virtio §5.2.6]. Returns the number of buffers. */
static unsigned
build_chain(struct blk_queue *q, struct blk_slot *slot) REQUIRES(q->vq.lock)
{
    const struct blkreq *req = slot->req;
    unsigned n = 0, nvec = req->op == BLK_FLUSH ? 0 : req->nvec;
    q->bufs[n++] = (struct virtq_buf){&slot->header, sizeof(slot->header)};
    for (unsigned i = 0; i < nvec; i++) {
        char *base = req->vec[i].base;
        for (size_t left = req->vec[i].len; left > 0;) {
            uint32_t len = (uint32_t)MIN(left, (size_t)q->blk->segment_bytes);
            assert(n + 1 < q->vq.chain_max);
            q->bufs[n++] = (struct virtq_buf){base, len};
            base += len;
            left -= len;
        }
    }
    q->bufs[n++] = (struct virtq_buf){&slot->status, sizeof(slot->status)};
    return n;
}

/* Gives req to the device. Returns 0, or -ENOSPC or -EIO as virtq_add. */
static int
start_request(struct blk_queue *q, struct blkreq *req) REQUIRES(q->vq.lock)
{
    if (list_is_empty(&q->free))
        return -ENOSPC;
    struct blk_slot *slot = list_entry(q->free.next, struct blk_slot, node);
    bool has_sector = req->op == BLK_READ || req->op == BLK_WRITE;
    slot->req = req;
    slot->since = q->looks;
    slot->status = STATUS_NONE;
    slot->header = (struct virtio_blk_header){
        .type = request_types[req->op],
        .sector = has_sector ? req->sector : 0,
    };

    unsigned n = build_chain(q, slot);
    unsigned nout = req->op == BLK_WRITE ? n - 1 : 1;
    slot->writable = 0;
    for (unsigned i = nout; i < n; i++)
        slot->writable += q->bufs[i].len;
    int err = virtq_add(&q->vq, q->bufs, nout, n - nout, slot);
    if (err != 0) {
        slot->req = NULL;
        return err;
    }
    virtq_watch(&q->vq);
    list_del(&slot->node);
    blk_watch(q);
    return 0;
}

/* Starts waiting requests while there is room. Returns whether the device
 * is to be notified. */
static bool
fill(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    struct list_node *first;
    while ((first = list_pop_front(&q->waiting)) != NULL) {
        if (start_request(q, list_entry(first, struct blkreq, link)) != 0) {
            list_push_front(&q->waiting, first);
            break;
        }
    }
    return virtq_end_batch(&q->vq);
}

void
blk_submit(struct blockdev *disk, struct blkreq *req)
{
    struct blk *blk = disk->driver;
    struct blk_queue *q = &blk->queues[this_cpu()->index % blk->nqueues];
    spin_lock(&q->vq.lock);
    bool closed = q->closed;
    if (!closed && (!list_is_empty(&q->waiting) || start_request(q, req) != 0))
        list_push_back(&q->waiting, &req->link);
    spin_unlock(&q->vq.lock);

    if (closed) {
        struct list_node failed = LIST_INIT(failed);
        req->status = -EIO;
        list_push_back(&failed, &req->link);
        blk_complete(blk, &failed);
    }
}

/* All queues, since the thread may have come from another hart after its
 * last submit. */
void
blk_kick(struct blockdev *disk)
{
    struct blk *blk = disk->driver;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        bool bell = fill(q);
        spin_unlock(&q->vq.lock);
        if (bell)
            virtq_notify(&q->vq);
    }
}

/* ---- Finishing them ---- */

/* What came of a request whose chain is back with len bytes written. */
static int
judge(const struct blk_queue *q, const struct blk_slot *slot, uint32_t len)
{
    const char *name = q->blk->disk.name;
    uint8_t status = READ_ONCE(slot->status);
    if (status == VIRTIO_BLK_S_UNSUPP)
        return -EOPNOTSUPP;
    if (status != VIRTIO_BLK_S_OK) {
        if (status != VIRTIO_BLK_S_IOERR)
            pr_warn("%s: status %#x for a request at sector %llu", name, status,
                    (unsigned long long)slot->req->sector);
        return -EIO;
    }
    /* Beyond len nothing may be relied upon [virtio §2.7.8.3]; legacy
     * devices are excused [virtio §2.7.8.1]. */
    if (len < slot->writable && !q->blk->dev->transport->legacy) {
        pr_warn("%s: %u of %u bytes written, yet status OK", name, len,
                slot->writable);
        return -EIO;
    }
    return 0;
}

static void
retire(struct blk_queue *q, struct blk_slot *slot, int status,
       struct list_node *done) REQUIRES(q->vq.lock)
{
    slot->req->status = status;
    list_push_back(done, &slot->req->link);
    slot->req = NULL;
    list_push_front(&q->free, &slot->node);
}

/* Moves finished requests to `done`. Returns 0, or -EIO if the queue is
 * broken. */
static int
drain(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    int err;
    do {
        void *token;
        uint32_t len;
        virtq_disable_irq(&q->vq);
        while ((err = virtq_pop_used(&q->vq, &token, &len)) == 0) {
            struct blk_slot *slot = token;
            retire(q, slot, judge(q, slot, len), done);
        }
    } while (err == -EAGAIN && virtq_enable_irq(&q->vq));
    if (!list_is_empty(done))
        WRITE_ONCE(q->blk->answered, true);
    return err == -EAGAIN ? 0 : err;
}

void
blk_complete(struct blk *blk, struct list_node *done)
{
    struct list_node *node;
    while ((node = list_pop_front(done)) != NULL) {
        struct blkreq *req = list_entry(node, struct blkreq, link);
        if (req->status != 0)
            __atomic_fetch_add(&blk->disk.errors, 1, __ATOMIC_RELAXED);
        trace_blk_done(blk->disk.name, (uintptr_t)req, req->status);
        req->done(req);
    }
}

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

    /* First the device gets work, then the waiters hear. */
    if (bell)
        virtq_notify(&q->vq);
    blk_complete(q->blk, &done);
    if (err != 0)
        blk_recover(q->blk);
}

void
blk_queue_close(struct blk_queue *q, struct list_node *failed)
{
    struct blk_slot *slot;
    struct list_node *node;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((slot = virtq_reclaim(&q->vq)) != NULL)
        retire(q, slot, -EIO, failed);
    while ((node = list_pop_front(&q->waiting)) != NULL) {
        list_entry(node, struct blkreq, link)->status = -EIO;
        list_push_back(failed, node);
    }
}
