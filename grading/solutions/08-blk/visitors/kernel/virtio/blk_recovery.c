/* The reasons to reset a device are a table of questions, the worst first; what
 * a look of the watchdog finds is decided under the lock, and done without. */
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

static void
set_watchdog(struct blk_queue *q)
{
    timer_set(&q->watchdog, clock_now_ns() + LOOK_NS);
}

void
blk_watch(struct blk_queue *q)
{
    if (q->watching)
        return;
    q->watching = true;
    set_watchdog(q);
}

/* How often used buffers may be seen that nobody takes. Each interrupt that
 * was lost halves the patience with the next. */
static unsigned
patience(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    return MAX(CLAIM_LOOKS >> q->lost, HASTY_LOOKS);
}

/* Buffers that were taken since the last look had an interrupt. */
static void
note_progress(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    if (q->looked_at == q->vq.used_idx)
        return;
    q->looked_at = q->vq.used_idx;
    q->unclaimed = 0;
    q->lost = 0;
}

/* Have used buffers been there for patience(q) looks in a row, of which nobody
 * has taken any? */
static bool
interrupt_is_lost(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    note_progress(q);
    q->unclaimed = virtq_has_used(&q->vq) ? q->unclaimed + 1 : 0;
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
is_overdue(const struct blk_queue *q, const struct blk_slot *slot)
    REQUIRES(q->vq.lock)
{
    return slot->req && q->looks - slot->since >= ANSWER_LOOKS;
}

/* Is the device still busy with a request that left ANSWER_LOOKS looks ago? */
static bool
request_is_lost(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    for (unsigned i = 0; i < q->vq.size; i++)
        if (is_overdue(q, &q->slots[i]))
            return true;
    return false;
}

enum finding { ALL_IS_WELL, INTERRUPT_LOST, REQUEST_LOST };

/* One look; sets the timer anew if the device has something. */
static enum finding
look(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    q->looks++;
    q->watching = !q->closed && q->vq.in_flight > 0;
    if (!q->watching)
        return ALL_IS_WELL;
    set_watchdog(q);
    if (interrupt_is_lost(q))
        return INTERRUPT_LOST;
    return request_is_lost(q) ? REQUEST_LOST : ALL_IS_WELL;
}

void
blk_watchdog(struct timer *timer)
{
    struct blk_queue *q = container_of(timer, struct blk_queue, watchdog);
    switch (look(q)) {
    case ALL_IS_WELL:
        break;
    case INTERRUPT_LOST:
        replace_interrupt(q);
        break;
    case REQUEST_LOST:
        (void)blk_recover(q->blk);
        break;
    }
}

/* ---- Recovery ---- */

static bool
is_broken(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    return q->vq.broken;
}

static bool
has_lost_one(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    return request_is_lost(q);
}

static bool
any_queue(struct blk *blk, bool (*is)(struct blk_queue *q))
{
    for (unsigned i = 0; i < blk->nqueues; i++)
        if (is(&blk->queues[i]))
            return true;
    return false;
}

static bool
has_lied(struct blk *blk)
{
    return any_queue(blk, is_broken);
}

static bool
asks_for_reset(struct blk *blk)
{
    struct virtio_transport *t = blk->dev->transport;
    return t->ops->get_status(t) & VIRTIO_STATUS_NEEDS_RESET;
}

static bool
loses_requests(struct blk *blk)
{
    return any_queue(blk, has_lost_one);
}

static const struct trouble {
    bool (*is)(struct blk *blk);
    bool forgivable;
    const char *what;
} troubles[] = {
    {has_lied, false, "it has lied"},
    {asks_for_reset, true, "it asks for that"},
    {loses_requests, true, "a request was not answered"},
};

/* Why the device must be reset; NULL: it need not. */
static const struct trouble *
find_trouble(struct blk *blk) REQUIRES(blk->lock)
{
    for (unsigned i = 0; i < ARRAY_LEN(troubles); i++)
        if (troubles[i].is(blk))
            return &troubles[i];
    return NULL;
}

static int
restart_queue(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    return virtq_restart(&q->vq);
}

static int
restart_queues(struct blk *blk)
{
    int err = 0;
    for (unsigned i = 0; err == 0 && i < blk->nqueues; i++)
        err = restart_queue(&blk->queues[i]);
    return err;
}

static void
open_queue(struct blk_queue *q)
{
    spin_guard(&q->vq.lock);
    q->closed = false;
}

/* The device is nobody's from now on; its queues stay closed. */
static void
give_up(struct blk *blk) REQUIRES(blk->lock)
{
    blk->dead = true;
    pr_err("%s: given up", blk->disk.name);
    (void)virtio_give_up(blk->dev);
}

/* Goes through the whole handshake again [virtio §3.1.1], after a reset, with
 * all queues closed. Whether the device works is still to be seen. */
static int
revive(struct blk *blk) REQUIRES(blk->lock)
{
    int err = virtio_negotiate(blk->dev);
    err = err ?: blk_refresh(blk);
    err = err ?: restart_queues(blk);
    if (err != 0)
        return err;
    virtio_driver_ok(blk->dev);
    WRITE_ONCE(blk->answered, false);
    for (unsigned i = 0; i < blk->nqueues; i++)
        open_queue(&blk->queues[i]);
    return 0;
}

/* The device cannot be made to stop: what it has stays its own for ever. What
 * it has not, and what is to come, fails. */
static void
abandon_queue(struct blk_queue *q, struct list_node *failed)
{
    struct blkreq *req;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((req = list_pop(struct blkreq, &q->waiting, link))) {
        req->status = -EIO;
        list_push_back(failed, &req->link);
    }
}

/* Until the device has been reset, the memory of its requests is the device's
 * to write [virtio §3.3.1]: so none fails before. Returns 0, or -ETIMEDOUT. */
static int
stop(struct blk *blk, struct list_node *failed) REQUIRES(blk->lock)
{
    struct virtio_transport *t = blk->dev->transport;
    int err = t->ops->reset(t);
    for (unsigned i = 0; i < blk->nqueues; i++) {
        if (err == 0)
            blk_queue_close(&blk->queues[i], failed);
        else
            abandon_queue(&blk->queues[i], failed);
    }
    return err;
}

/* Whether a device that was stopped is worth another try. */
static bool
deserves_trust(const struct blk *blk, const struct trouble *trouble)
{
    return trouble->forgivable && READ_ONCE(blk->answered);
}

/* One hart at a time: another may have been here first, and found the same
 * trouble. */
static bool
repair(struct blk *blk, struct list_node *failed)
{
    spin_guard(&blk->lock);
    const struct trouble *trouble = blk->dead ? NULL : find_trouble(blk);
    if (!trouble)
        return false;
    pr_warn("%s: resetting the device: %s", blk->disk.name, trouble->what);
    bool works = stop(blk, failed) == 0 && deserves_trust(blk, trouble) &&
                 revive(blk) == 0;
    if (!works)
        give_up(blk);
    return true;
}

bool
blk_recover(struct blk *blk)
{
    struct list_node failed = LIST_INIT(failed);
    bool repaired = repair(blk, &failed);
    blk_complete(blk, &failed);
    return repaired;
}
