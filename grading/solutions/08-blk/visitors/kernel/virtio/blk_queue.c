/* What each kind of request is like is a table, and its pieces are visited: one
 * function says in which order they come and how they are cut, others what is
 * done with each. */
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

/* [virtio §5.2.6] */
static const struct kind {
    uint32_t type;
    bool has_sector, has_data;
    bool device_reads; /* its data; else it writes them */
} kinds[] = {
    [BLK_READ] = {VIRTIO_BLK_T_IN, true, true, false},
    [BLK_WRITE] = {VIRTIO_BLK_T_OUT, true, true, true},
    [BLK_FLUSH] = {VIRTIO_BLK_T_FLUSH, false, false, false},
    [BLK_GET_ID] = {VIRTIO_BLK_T_GET_ID, false, true, false},
};

/* Receives the pieces of a chain, in their order. */
struct visitor {
    void (*visit)(struct visitor *v, void *base, uint32_t len,
                  bool device_reads);
};

static void
visit_vector(struct visitor *v, const struct blkvec *vec, size_t most,
             bool device_reads)
{
    for (size_t at = 0; at < vec->len; at += most)
        v->visit(v, (char *)vec->base + at, (uint32_t)MIN(most, vec->len - at),
                 device_reads);
}

/* The header, the data, the status byte: for whatever request, the device reads
 * the first and writes the last. */
static void
visit_pieces(struct visitor *v, const struct blk *blk, struct blk_slot *slot)
{
    const struct blkreq *req = slot->req;
    const struct kind *kind = &kinds[req->op];
    unsigned nvec = kind->has_data ? req->nvec : 0;
    v->visit(v, &slot->header, sizeof(slot->header), true);
    for (unsigned i = 0; i < nvec; i++)
        visit_vector(v, &req->vec[i], blk->segment_bytes, kind->device_reads);
    v->visit(v, &slot->status, sizeof(slot->status), false);
}

/* A visitor that makes a chain of what it sees. */
struct chain {
    struct visitor visitor;
    struct virtq_buf *bufs;
    unsigned nout, nin; /* that the device reads; and writes, behind them */
    uint32_t writable;  /* bytes that it writes */
};

static void
add_piece(struct visitor *v, void *base, uint32_t len, bool device_reads)
{
    struct chain *chain = container_of(v, struct chain, visitor);
    chain->bufs[chain->nout + chain->nin] = (struct virtq_buf){base, len};
    chain->nout += device_reads;
    chain->nin += !device_reads;
    chain->writable += device_reads ? 0 : len;
}

static struct chain
build_chain(struct blk_queue *q, struct blk_slot *slot) REQUIRES(q->vq.lock)
{
    struct chain chain = {.visitor = {add_piece}, .bufs = q->bufs};
    visit_pieces(&chain.visitor, q->blk, slot);
    return chain;
}

/* What the device is to read of a request, and an answer that it never gives.
 */
static void
fill_slot(struct blk_slot *slot, struct blkreq *req)
{
    const struct kind *kind = &kinds[req->op];
    slot->req = req;
    slot->header = (struct virtio_blk_header){
        .type = kind->type, .sector = kind->has_sector ? req->sector : 0};
    WRITE_ONCE(slot->status, STATUS_NONE);
}

/* Gives a request to the device. Returns 0; or -ENOSPC if there is no slot, or
 * what virtq_add says, and then nothing has happened. */
static int
start_request(struct blk_queue *q, struct blkreq *req) REQUIRES(q->vq.lock)
{
    struct blk_slot *slot = list_first(struct blk_slot, &q->free, node);
    if (!slot)
        return -ENOSPC;
    fill_slot(slot, req);
    struct chain chain = build_chain(q, slot);
    int err = virtq_add(&q->vq, chain.bufs, chain.nout, chain.nin, slot);
    if (err != 0) {
        slot->req = NULL;
        return err;
    }
    list_del(&slot->node);
    slot->writable = chain.writable;
    slot->since = q->looks;
    blk_watch(q);
    return 0;
}

/* Starts waiting requests, the first to come first, while there is room. */
static void
start_waiting(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    struct blkreq *req;
    while ((req = list_first(struct blkreq, &q->waiting, link))) {
        /* Off the list first: once the device has it, it is no list's. */
        list_del(&req->link);
        if (start_request(q, req) == 0)
            continue;
        list_push_front(&q->waiting, &req->link);
        return;
    }
}

/* Ends the batch. Returns whether the device is to be notified. */
static bool
fill(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    start_waiting(q);
    return virtq_end_batch(&q->vq);
}

/* Returns whether the queue takes the request: starts it, or has it wait behind
 * others. */
static bool
accept(struct blk_queue *q, struct blkreq *req)
{
    spin_guard(&q->vq.lock);
    if (q->closed)
        return false;
    bool first = list_is_empty(&q->waiting);
    list_push_back(&q->waiting, &req->link);
    if (first)
        start_waiting(q);
    return true;
}

static struct blk_queue *
queue_of_hart(const struct blk *blk)
{
    return &blk->queues[this_cpu()->index % blk->nqueues];
}

static void
fail_to(struct list_node *failed, struct blkreq *req)
{
    req->status = -EIO;
    list_push_back(failed, &req->link);
}

void
blk_submit(struct blockdev *disk, struct blkreq *req)
{
    struct blk *blk = disk->driver;
    struct list_node failed = LIST_INIT(failed);
    if (accept(queue_of_hart(blk), req))
        return;
    fail_to(&failed, req);
    blk_complete(blk, &failed);
}

static bool
end_batch(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    return !q->closed && virtq_end_batch(&q->vq);
}

void
blk_kick(struct blockdev *disk)
{
    struct blk *blk = disk->driver;
    for (unsigned i = 0; i < blk->nqueues; i++)
        if (end_batch(&blk->queues[i]))
            virtq_notify(&blk->queues[i].vq);
}

/* ---- Finishing them ---- */

static int
meaning_of(uint8_t status)
{
    return status == VIRTIO_BLK_S_OK       ? 0
           : status == VIRTIO_BLK_S_UNSUPP ? -EOPNOTSUPP
                                           : -EIO;
}

static bool
is_known(uint8_t status)
{
    return status == VIRTIO_BLK_S_OK || status == VIRTIO_BLK_S_IOERR ||
           status == VIRTIO_BLK_S_UNSUPP;
}

/* What came of a request whose chain is back, of which len bytes were written.
 * Beyond them nothing may be relied upon [virtio §2.7.8.3], but for legacy
 * devices, whose len means nothing [virtio §2.7.8.1]. */
static int
judge(const struct blk_queue *q, const struct blk_slot *slot, uint32_t len)
{
    uint8_t status = READ_ONCE(slot->status); /* once: it may change */
    const char *name = q->blk->disk.name;
    int result = meaning_of(status);
    if (!is_known(status))
        pr_warn("%s: status %#x for a request at sector %lu", name, status,
                (unsigned long)slot->header.sector);
    if (result != 0 || len >= slot->writable || q->blk->dev->transport->legacy)
        return result;
    pr_warn("%s: %u of %u bytes written, yet status OK", name, len,
            slot->writable);
    return -EIO;
}

/* A slot has done its work: its request goes to `done`, the slot is free. */
static void
retire(struct blk_queue *q, struct blk_slot *slot, int status,
       struct list_node *done) REQUIRES(q->vq.lock)
{
    struct blkreq *req = slot->req;
    slot->req = NULL;
    list_push_front(&q->free, &slot->node);
    req->status = status;
    list_push_back(done, &req->link);
}

/* Moves finished requests to `done`. Returns -EAGAIN: these were all; or -EIO.
 */
static int
pop_all(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    void *slot;
    uint32_t len;
    int err;
    while ((err = virtq_pop_used(&q->vq, &slot, &len)) == 0)
        retire(q, slot, judge(q, slot, len), done);
    return err;
}

/* The same, with interrupts off meanwhile. What was used between the last look
 * and the moment in which they are on again, no interrupt tells of: then all
 * begins anew [virtio §2.7.14]. Returns 0, or -EIO if the queue is broken. */
static int
drain(struct blk_queue *q, struct list_node *done) REQUIRES(q->vq.lock)
{
    int err;
    do {
        virtq_disable_irq(&q->vq);
        err = pop_all(q, done);
    } while (virtq_enable_irq(&q->vq) && err == -EAGAIN);
    if (!list_is_empty(done))
        WRITE_ONCE(q->blk->answered, true);
    return err == -EAGAIN ? 0 : err;
}

void
blk_complete(struct blk *blk, struct list_node *done)
{
    struct blkreq *req;
    while ((req = list_pop(struct blkreq, done, link))) {
        if (req->status != 0)
            __atomic_fetch_add(&blk->disk.errors, 1, __ATOMIC_RELAXED);
        req->done(req);
    }
}

/* Takes back what is done and gives the device more. Returns 0, or -EIO if the
 * queue is broken. */
static int
exchange(struct blk_queue *q, struct list_node *done, bool *notify)
{
    spin_guard(&q->vq.lock);
    *notify = false;
    if (q->closed)
        return 0;
    int err = drain(q, done);
    if (err == 0)
        *notify = fill(q);
    return err;
}

void
blk_queue_poll(struct blk_queue *q)
{
    struct list_node done = LIST_INIT(done);
    bool notify;
    int err = exchange(q, &done, &notify);
    if (notify)
        virtq_notify(&q->vq);
    blk_complete(q->blk, &done);
    if (err != 0)
        (void)blk_recover(q->blk);
}

void
blk_queue_close(struct blk_queue *q, struct list_node *failed)
{
    struct blk_slot *slot;
    struct blkreq *req;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((slot = virtq_reclaim(&q->vq)))
        retire(q, slot, -EIO, failed);
    while ((req = list_pop(struct blkreq, &q->waiting, link)))
        fail_to(failed, req);
}
