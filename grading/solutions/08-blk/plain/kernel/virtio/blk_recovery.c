/* One way out: whatever the trouble is, the device is reset, all fails, and
 * a single condition decides whether it is dead. */
#include "virtio/blk.h"
#include "arch/clock.h"
#include "lib/print.h"

/* How often a queue with requests in flight is looked at. Patience is counted
 * in looks, not in seconds: where time leaps, because the machine was asleep
 * or its clock is simulated, the disk had no more of it than we had. */
#define LOOK_NS 10000000ull

#define CLAIM_LOOKS  50   /* half a second: used buffers that nobody takes */
#define HASTY_LOOKS  2    /* the same where interrupts do not arrive at all */
#define ANSWER_LOOKS 9000 /* 90 s: a busy host's disk does take seconds */

/* ---- The watchdog ---- */

/* Sets the timer for a look LOOK_NS from now. Every look sets it anew as long
 * as the device has something: an idle machine must not be woken. */
void
blk_watch(struct blk_queue *q)
{
    if (q->watching)
        return;
    q->watching = true;
    timer_set(&q->watchdog, clock_now_ns() + LOOK_NS);
}

/* How often used buffers may be seen that nobody takes. Each interrupt that
 * was lost halves the patience with the next. */
static unsigned
patience(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    return MAX(CLAIM_LOOKS >> q->lost, HASTY_LOOKS);
}

/* Called at each look: have used buffers been there for patience(q) looks in a
 * row, and none been taken in all that time? vq.used_idx and q->looked_at tell.
 * Buffers that were taken since the last look had an interrupt: patience is as
 * long again as it was at first. */
static bool
interrupt_is_lost(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    if (q->looked_at != q->vq.used_idx) {
        q->looked_at = q->vq.used_idx;
        q->unclaimed = 0;
        q->lost = 0;
    }
    if (virtq_has_used(&q->vq))
        q->unclaimed++;
    else
        q->unclaimed = 0;
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

/* Is the device still busy with a request that left ANSWER_LOOKS looks ago? The
 * counter of looks may wrap. */
static bool
request_is_lost(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    for (unsigned i = 0; i < q->vq.size; i++)
        if (q->slots[i].req != NULL &&
            q->looks - q->slots[i].since >= ANSWER_LOOKS)
            return true;
    return false;
}

/* A look: counts it, and decides under the lock; acts without it. A lost
 * interrupt is replaced; a lost request is blk_recover's business. Sets the
 * timer anew, or notes that nobody watches any more. */
void
blk_watchdog(struct timer *timer)
{
    struct blk_queue *q = container_of(timer, struct blk_queue, watchdog);
    spin_lock(&q->vq.lock);
    q->looks++;
    q->watching = false;
    if (q->vq.in_flight > 0 && !q->closed)
        blk_watch(q);
    bool interrupt = interrupt_is_lost(q);
    bool request = request_is_lost(q);
    spin_unlock(&q->vq.lock);
    if (interrupt)
        replace_interrupt(q);
    if (request)
        blk_recover(q->blk);
}

/* ---- Recovery ---- */

/* Why the device must be reset; NULL: it need not. It may ask for that in its
 * status [virtio §2.1.1], have lost a request, or have lied (*lied: a queue is
 * broken), which is worst. */
static const char *
find_trouble(struct blk *blk, bool *lied)
{
    const struct virtio_transport_ops *ops = blk->dev->transport->ops;
    const char *why = NULL;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_guard(&q->vq.lock);
        if (request_is_lost(q))
            why = "it has lost a request";
        *lied |= q->vq.broken;
    }
    if (ops->get_status(blk->dev->transport) & VIRTIO_STATUS_NEEDS_RESET)
        why = "it asks for it";
    return *lied ? "it has lied" : why;
}

/* Goes through the whole handshake again [virtio §3.1.1], after a reset, with
 * all queues closed: features, configuration, each queue, DRIVER_OK. Only then
 * are queues opened, and blk->answered is forgotten: whether the device works
 * is still to be seen. If anything fails the device is given up, and the error
 * returned. */
static int
revive(struct blk *blk)
{
    int err = virtio_negotiate(blk->dev) ?: blk_refresh(blk);
    for (unsigned i = 0; i < blk->nqueues && err == 0; i++) {
        spin_guard(&blk->queues[i].vq.lock);
        err = virtq_restart(&blk->queues[i].vq);
    }
    if (err != 0) {
        virtio_give_up(blk->dev);
        return err;
    }
    virtio_driver_ok(blk->dev);
    WRITE_ONCE(blk->answered, false);
    for (unsigned i = 0; i < blk->nqueues; i++) {
        spin_guard(&blk->queues[i].vq.lock);
        blk->queues[i].closed = false;
    }
    return 0;
}

/* The device cannot be reset: what it has stays its own for ever, and only what
 * was waiting fails. */
static void
abandon(struct blk_queue *q, struct list_node *failed)
{
    spin_guard(&q->vq.lock);
    q->closed = true;
    list_for_each (struct blkreq, req, &q->waiting, link)
        req->status = -EIO;
    list_splice_back(failed, &q->waiting);
}

/* One hart at a time: another may have been here first, on behalf of another
 * queue. The order matters: until the device has been reset, the memory of its
 * requests is the device's to write [virtio §3.3.1]; after that they fail, and
 * the device is revived, unless it has lied or has not answered a single
 * request since it was revived last. Then it is dead. Requests hear of it last,
 * with no lock held. */
bool
blk_recover(struct blk *blk)
{
    struct list_node failed = LIST_INIT(failed);
    bool lied = false;
    spin_lock(&blk->lock);
    const char *why = blk->dead ? NULL : find_trouble(blk, &lied);
    if (why != NULL) {
        pr_err("%s: resetting the device: %s", blk->disk.name, why);
        bool safe = virtio_give_up(blk->dev) == 0;
        blk->dead = !safe || lied || !READ_ONCE(blk->answered);
        for (unsigned i = 0; i < blk->nqueues; i++)
            if (safe)
                blk_queue_close(&blk->queues[i], &failed);
            else
                abandon(&blk->queues[i], &failed);
        if (!blk->dead)
            blk->dead = revive(blk) != 0;
        if (blk->dead)
            pr_err("%s: given up", blk->disk.name);
    }
    spin_unlock(&blk->lock);
    blk_complete(blk, &failed);
    return why != NULL;
}
