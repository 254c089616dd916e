#include "virtio/blk.h"

#include "abi/errno.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/slab.h"

/* No device writes this: what is still there after a request is an answer
 * that never came. */
#define STATUS_NONE 0xff

/* ---- Making and unmaking a queue ---- */

int
blk_queue_init(struct blk *blk, unsigned index, unsigned segments)
{
    struct blk_queue *q = &blk->queues[index];
    q->blk = blk;
    list_init(&q->free);
    list_init(&q->busy);
    list_init(&q->waiting);
    timer_init(&q->watchdog, blk_watchdog);

    int err = virtio_add_queue(blk->dev, &q->vq, VIRTQ_SIZE_MAX, segments + 2);
    if (err != 0)
        return err;
    q->slots = kzalloc(q->vq.size * sizeof(*q->slots));
    q->wires = kzalloc(q->vq.size * sizeof(*q->wires));
    if (q->slots == NULL || q->wires == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < q->vq.size; i++) {
        q->slots[i].wire = &q->wires[i];
        list_push_back(&q->free, &q->slots[i].node);
    }
    return 0;
}

void
blk_queue_destroy(struct blk_queue *q)
{
    virtq_destroy(&q->vq);
    kfree(q->slots);
    kfree(q->wires);
}

/* ---- Starting requests ---- */

static uint32_t
request_type(const struct blkreq *req)
{
    switch ((int)req->op) {
    case BLK_READ:
        return VIRTIO_BLK_T_IN;
    case BLK_WRITE:
        return VIRTIO_BLK_T_OUT;
    case BLK_FLUSH:
        return VIRTIO_BLK_T_FLUSH;
    default:
        assert_eq(req->op, BLK_GET_ID);
        return VIRTIO_BLK_T_GET_ID;
    }
}

/* Makes q->bufs the chain of a request: header, data, status
 * [virtio §5.2.6]. Returns the number of buffers. */
static unsigned
build_chain(struct blk_queue *q, const struct blkreq *req,
            struct blk_wire *wire) REQUIRES(q->vq.lock)
{
    unsigned n = 0, nvec = req->op == BLK_FLUSH ? 0 : req->nvec;
    q->bufs[n++] = (struct virtq_buf){&wire->header, sizeof(wire->header)};
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
    q->bufs[n++] = (struct virtq_buf){&wire->status, sizeof(wire->status)};
    return n;
}

/* Hands slot->req to the device. Returns 0, or the error of virtq_add. */
static int
send(struct blk_queue *q, struct blk_slot *slot) REQUIRES(q->vq.lock)
{
    const struct blkreq *req = slot->req;
    bool has_sector = req->op == BLK_READ || req->op == BLK_WRITE;
    slot->wire->header = (struct virtio_blk_header){
        .type = request_type(req),
        .sector = has_sector ? req->sector : 0,
    };
    slot->wire->status = STATUS_NONE;
    slot->started_ns = clock_now_ns();

    unsigned n = build_chain(q, req, slot->wire);
    unsigned nout = req->op == BLK_WRITE ? n - 1 : 1;
    slot->writable = 0;
    for (unsigned i = nout; i < n; i++)
        slot->writable += q->bufs[i].len;
    int err = virtq_add(&q->vq, q->bufs, nout, n - nout, slot);
    if (err == 0) {
        list_del(&slot->node);
        list_push_back(&q->busy, &slot->node);
        blk_watch(q);
    }
    return err;
}

static int
start(struct blk_queue *q, struct blkreq *req) REQUIRES(q->vq.lock)
{
    if (list_is_empty(&q->free))
        return -ENOSPC;
    struct blk_slot *slot = list_entry(q->free.next, struct blk_slot, node);
    slot->req = req;
    slot->retried = false;
    return send(q, slot);
}

bool
blk_queue_fill(struct blk_queue *q)
{
    assert(spin_held(&q->vq.lock));
    while (!q->stopped && !list_is_empty(&q->waiting)) {
        struct list_node *first = q->waiting.next;
        /* Unlinked before it starts: from then on it may complete. */
        list_del(first);
        if (start(q, list_entry(first, struct blkreq, link)) != 0) {
            list_push_front(&q->waiting, first);
            break;
        }
    }
    return !q->stopped && virtq_end_batch(&q->vq);
}

void
blk_submit(struct blockdev *disk, struct blkreq *req)
{
    struct blk *blk = disk->driver;
    struct blk_queue *q = &blk->queues[this_cpu()->index % blk->nqueues];
    req->submit_ns = clock_now_ns();

    spin_lock(&q->vq.lock);
    bool dead = q->dead;
    if (!dead &&
        (q->stopped || !list_is_empty(&q->waiting) || start(q, req) != 0))
        list_push_back(&q->waiting, &req->link);
    spin_unlock(&q->vq.lock);

    if (dead) {
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
        bool bell = blk_queue_fill(q);
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
    uint8_t status = READ_ONCE(slot->wire->status);
    switch (status) {
    case VIRTIO_BLK_S_OK:
        break;
    case VIRTIO_BLK_S_IOERR:
        return -EIO;
    case VIRTIO_BLK_S_UNSUPP:
        return -EOPNOTSUPP;
    default:
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
    list_del(&slot->node);
    list_push_front(&q->free, &slot->node);
}

int
blk_queue_drain(struct blk_queue *q, struct list_node *done)
{
    assert(spin_held(&q->vq.lock));
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
        __atomic_store_n(&q->blk->resets, 0, __ATOMIC_RELAXED);
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
    if (!q->stopped) {
        err = blk_queue_drain(q, &done);
        bell = blk_queue_fill(q);
    }
    spin_unlock(&q->vq.lock);

    /* First the device gets work, then the waiters hear. */
    if (bell)
        virtq_notify(&q->vq);
    blk_complete(q->blk, &done);
    if (err != 0)
        blk_give_up(q->blk);
}

/* ---- After a reset ---- */

int
blk_queue_restart(struct blk_queue *q, struct list_node *failed)
{
    assert(spin_held(&q->vq.lock));
    while (virtq_reclaim(&q->vq) != NULL)
        ; /* the tokens are the busy slots */
    int err = virtq_restart(&q->vq);
    if (err != 0)
        return err;

    struct list_node again = LIST_INIT(again);
    list_splice_back(&again, &q->busy);
    while (!list_is_empty(&again)) {
        struct blk_slot *slot = list_entry(again.next, struct blk_slot, node);
        if (slot->retried) {
            retire(q, slot, -EIO, failed);
            continue;
        }
        slot->retried = true;
        /* They had room before, and have it now. */
        err = send(q, slot);
        assert_eq(err, 0);
    }
    return 0;
}

void
blk_queue_kill(struct blk_queue *q, struct list_node *failed)
{
    assert(spin_held(&q->vq.lock));
    q->stopped = q->dead = true;
    while (virtq_reclaim(&q->vq) != NULL)
        ; /* the tokens are the busy slots */
    while (!list_is_empty(&q->busy)) {
        struct list_node *first = q->busy.next;
        retire(q, list_entry(first, struct blk_slot, node), -EIO, failed);
    }
    struct list_node *node;
    while ((node = list_pop_front(&q->waiting)) != NULL) {
        list_entry(node, struct blkreq, link)->status = -EIO;
        list_push_back(failed, node);
    }
}
