#include "virtio/blk.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/print.h"
#include "mm/frame.h"

/* How often a queue with requests in flight is looked at. Patience is counted
 * in looks, not in seconds: where time leaps, because the machine was asleep
 * or its clock is simulated, the disk had no more of it than we had. */
#define LOOK_NS 10000000ull

#define CLAIM_LOOKS  50   /* half a second: used buffers that nobody takes */
#define HASTY_LOOKS  2    /* the same where interrupts do not arrive at all */
#define ANSWER_LOOKS 9000 /* 90 s: a busy host's disk does take seconds */

/* ---- The watchdog ---- */

void
blk_watch(struct blk_queue *q)
{
    if (q->watching)
        return;
    q->watching = true;
    q->unclaimed = 0;
    timer_set(&q->watchdog, clock_now_ns() + LOOK_NS);
}

/* How often used buffers may be seen that nobody takes. Each interrupt that
 * was lost halves the patience with the next. */
static unsigned
patience(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    return MAX(CLAIM_LOOKS >> q->lost, HASTY_LOOKS);
}

/* Buffers that were used but are not taken, look after look, were used
 * without an interrupt. Those taken since the last look had one. */
static bool
interrupt_is_lost(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    bool moved = q->looked_at != q->vq.used_idx;
    q->looked_at = q->vq.used_idx;
    q->unclaimed = virtq_has_used(&q->vq) && !moved ? q->unclaimed + 1 : 0;
    if (moved)
        q->lost = 0;
    return q->unclaimed >= patience(q);
}

/* Does what an interrupt should have done. */
static void
replace_interrupt(struct blk_queue *q)
{
    const char *name = q->blk->disk.name;
    spin_lock(&q->vq.lock);
    unsigned before = patience(q);
    q->lost += before > HASTY_LOOKS;
    unsigned after = patience(q);
    spin_unlock(&q->vq.lock);
    if (before == CLAIM_LOOKS)
        pr_warn("%s: an interrupt was lost", name);
    else if (before != after && after == HASTY_LOOKS)
        pr_warn("%s: interrupts do not arrive: looked after every %llu ms",
                name, HASTY_LOOKS * LOOK_NS / 1000000);

    blk_queue_poll(q);
    spin_guard(&q->vq.lock);
    q->looked_at = q->vq.used_idx; /* what we took had none */
    q->unclaimed = 0;
}

static bool
request_is_lost(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    for (unsigned i = 0; i < q->vq.size; i++)
        if (q->slots[i].req != NULL &&
            q->looks - q->slots[i].since >= ANSWER_LOOKS)
            return true;
    return false;
}

void
blk_watchdog(struct timer *timer)
{
    struct blk_queue *q = container_of(timer, struct blk_queue, watchdog);
    bool lost_request = false;
    spin_lock(&q->vq.lock);
    q->watching = !q->closed && q->vq.in_flight > 0;
    bool lost_interrupt = interrupt_is_lost(q) && q->watching;
    if (q->watching) {
        q->looks++;
        lost_request = request_is_lost(q);
        timer_set(timer, clock_now_ns() + LOOK_NS);
    }
    spin_unlock(&q->vq.lock);

    if (lost_interrupt)
        replace_interrupt(q);
    else if (lost_request)
        blk_recover(q->blk);
}

/* ---- Recovery ---- */

/* Why the device must be reset; NULL: it need not. */
static const char *
find_trouble(struct blk *blk, bool *lied)
{
    struct virtio_transport *t = blk->dev->transport;
    const char *found = NULL;
    *lied = false;
    if (t->ops->get_status(t) & VIRTIO_STATUS_NEEDS_RESET)
        found = "it asks for it";
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        if (request_is_lost(q))
            found = "a request has timed out";
        *lied |= q->vq.broken;
        spin_unlock(&q->vq.lock);
    }
    return *lied ? "it has lied" : found;
}

/* Goes through the whole handshake again [virtio §2.1.1, §3.1.1]. */
static int
revive(struct blk *blk)
{
    int err = virtio_negotiate(blk->dev) ?: blk_refresh(blk);
    for (unsigned i = 0; err == 0 && i < blk->nqueues; i++) {
        struct virtq *vq = &blk->queues[i].vq;
        spin_lock(&vq->lock);
        err = virtq_restart(vq);
        spin_unlock(&vq->lock);
    }
    if (err != 0) {
        virtio_give_up(blk->dev);
        return err;
    }
    virtio_driver_ok(blk->dev);
    WRITE_ONCE(blk->answered, false);
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        q->closed = false;
        spin_unlock(&q->vq.lock);
    }
    return 0;
}

/* Gives each frame a reference that nobody drops. */
static void
keep_frames(const struct blkreq *req)
{
    for (unsigned i = 0; i < req->nvec; i++) {
        uintptr_t at = (uintptr_t)req->vec[i].base;
        uintptr_t end = at + req->vec[i].len;
        for (; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
            frame_ref((void *)at);
    }
}

/* A device that does not reset may still write to the memory of the requests
 * it has [virtio §3.3.1]. They fail all the same, for nobody is to wait for
 * ever; but their frames stay out of use. */
static void
keep_memory(struct blk *blk)
{
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_guard(&q->vq.lock);
        q->closed = true;
        for (unsigned k = 0; k < q->vq.size; k++) {
            const struct blkreq *req = q->slots[k].req;
            if (req != NULL && (req->op == BLK_READ || req->op == BLK_GET_ID))
                keep_frames(req);
        }
    }
}

bool
blk_recover(struct blk *blk)
{
    struct list_node failed = LIST_INIT(failed);
    bool lied;
    spin_lock(&blk->lock);
    /* Another hart may have been here first, on behalf of another queue. */
    const char *trouble = blk->dead ? NULL : find_trouble(blk, &lied);
    if (trouble != NULL) {
        pr_err("%s: resetting the device: %s", blk->disk.name, trouble);
        /* Until then the requests' memory is the device's to write
         * [virtio §3.3.1]. */
        if (virtio_give_up(blk->dev) != 0)
            keep_memory(blk);
        for (unsigned i = 0; i < blk->nqueues; i++)
            blk_queue_close(&blk->queues[i], &failed);
        blk->dead = lied || !READ_ONCE(blk->answered) || revive(blk) != 0;
        if (blk->dead)
            pr_err("%s: given up; all its requests fail from now on",
                   blk->disk.name);
    }
    spin_unlock(&blk->lock);

    blk_complete(blk, &failed);
    return trouble != NULL;
}
