#include "virtio/blk.h"

#include "abi/errno.h"
#include "arch/clock.h"
#include "lib/panic.h"
#include "lib/print.h"

/* How often a queue with requests in flight is looked at, when a device that
 * has done nothing is notified again, and when a request has taken so long
 * that the device is reset. Disks of a busy host do take seconds. */
#define SECOND     1000000000ull
#define LOOK_NS    (SECOND / 2)
#define REMIND_NS  (2 * SECOND)
#define TIMEOUT_NS (20 * SECOND)

/* Resets without a single request completed in between. */
#define RESETS_MAX 3

/* ---- Looking ---- */

void
blk_watch(struct blk_queue *q)
{
    assert(spin_held(&q->vq.lock));
    if (q->watching)
        return;
    q->watching = true;
    q->suspicious = false;
    timer_set(&q->watchdog, clock_now_ns() + LOOK_NS);
}

/* How long the device has had its oldest request, in nanoseconds. */
static uint64_t
oldest_age(const struct blk_queue *q) REQUIRES(q->vq.lock)
{
    if (list_is_empty(&q->busy))
        return 0;
    uint64_t now = clock_now_ns();
    uint64_t start =
        list_entry(q->busy.next, struct blk_slot, node)->started_ns;
    return now > start ? now - start : 0;
}

enum verdict { FINE, LOST_INTERRUPT, LOST_NOTIFICATION, TIMED_OUT };

/* Used buffers that nobody takes from one look to the next were used without
 * an interrupt. If there are none either, the device may not have heard the
 * bell. */
static enum verdict
look(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    bool untouched = q->suspicious && q->looked_at == q->vq.used_idx;
    bool ready = virtq_has_used(&q->vq);
    uint64_t age = oldest_age(q);
    q->suspicious = true;
    q->looked_at = q->vq.used_idx;

    if (ready)
        return untouched ? LOST_INTERRUPT : FINE;
    if (age >= TIMEOUT_NS)
        return TIMED_OUT;
    return untouched && age >= REMIND_NS && age < REMIND_NS + LOOK_NS
               ? LOST_NOTIFICATION
               : FINE;
}

void
blk_watchdog(struct timer *timer)
{
    struct blk_queue *q = container_of(timer, struct blk_queue, watchdog);
    enum verdict verdict = FINE;

    spin_lock(&q->vq.lock);
    q->watching = false;
    if (!q->stopped && !list_is_empty(&q->busy)) {
        verdict = look(q);
        q->watching = true;
        timer_set(timer, clock_now_ns() + LOOK_NS);
    }
    spin_unlock(&q->vq.lock);

    const char *name = q->blk->disk.name;
    switch (verdict) {
    case FINE:
        break;
    case LOST_INTERRUPT:
        pr_warn("%s: an interrupt was lost", name);
        blk_queue_poll(q);
        break;
    case LOST_NOTIFICATION:
        pr_warn("%s: no answer for %llu s, notified again", name,
                REMIND_NS / SECOND);
        virtq_notify(&q->vq);
        break;
    case TIMED_OUT:
        blk_recover(q->blk);
        break;
    }
}

/* ---- Acting ---- */

static void
stop_queues(struct blk *blk)
{
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        q->stopped = true;
        spin_unlock(&q->vq.lock);
    }
}

static void
kill_queues(struct blk *blk, struct list_node *failed)
{
    blk->dead = true;
    virtio_give_up(blk->dev);
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        blk_queue_kill(q, failed);
        spin_unlock(&q->vq.lock);
    }
    pr_err("%s: given up; all its requests fail from now on", blk->disk.name);
}

/* Whether the device is what it was: the limits of requests that are under
 * way rest on it. Capacity may change [virtio §5.2.4]. */
static int
check_config(struct blk *blk)
{
    struct virtio_blk_config now;
    int err = blk_read_config(blk->dev, &now);
    if (err != 0)
        return err;
    const struct virtio_blk_config *old = &blk->config;
    if (now.size_max < old->size_max || now.seg_max < old->seg_max ||
        now.num_queues < old->num_queues || now.blk_size != old->blk_size) {
        pr_err("%s: another disk after a reset", blk->disk.name);
        return -EIO;
    }
    WRITE_ONCE(blk->disk.sectors, now.capacity);
    return 0;
}

static int
restart_queue(struct blk_queue *q, struct list_node *done)
{
    spin_lock(&q->vq.lock);
    /* What was done before the reset is done. */
    int err = blk_queue_drain(q, done);
    if (err == 0)
        err = blk_queue_restart(q, done);
    spin_unlock(&q->vq.lock);
    return err;
}

/* Resets the device and goes through the whole handshake again
 * [virtio §2.1.1, §3.1.1]. All queues are stopped. */
static int
revive(struct blk *blk, struct list_node *done)
{
    int err = virtio_negotiate(blk->dev);
    if (err == 0)
        err = check_config(blk);
    for (unsigned i = 0; err == 0 && i < blk->nqueues; i++)
        err = restart_queue(&blk->queues[i], done);
    if (err == 0)
        virtio_driver_ok(blk->dev);
    return err;
}

static void
start_queues(struct blk *blk)
{
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        q->stopped = false;
        bool bell = blk_queue_fill(q);
        spin_unlock(&q->vq.lock);
        if (bell)
            virtq_notify(&q->vq);
    }
}

/* Why the device must be reset; NULL: it need not. */
static const char *
find_trouble(struct blk *blk)
{
    if (virtio_needs_reset(blk->dev))
        return "it asks for it";
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_lock(&q->vq.lock);
        bool late = oldest_age(q) >= TIMEOUT_NS;
        spin_unlock(&q->vq.lock);
        if (late)
            return "a request has timed out";
    }
    return NULL;
}

void
blk_recover(struct blk *blk)
{
    struct list_node done = LIST_INIT(done);

    spin_lock(&blk->lock);
    /* Another hart may have been here first, on behalf of another queue. */
    const char *trouble = blk->dead ? NULL : find_trouble(blk);
    if (trouble != NULL) {
        pr_err("%s: resetting the device: %s", blk->disk.name, trouble);
        stop_queues(blk);
        unsigned resets = __atomic_fetch_add(&blk->resets, 1, __ATOMIC_RELAXED);
        if (resets < RESETS_MAX && revive(blk, &done) == 0)
            start_queues(blk);
        else
            kill_queues(blk, &done);
    }
    spin_unlock(&blk->lock);

    blk_complete(blk, &done);
}

void
blk_give_up(struct blk *blk)
{
    struct list_node failed = LIST_INIT(failed);

    spin_lock(&blk->lock);
    if (!blk->dead) {
        stop_queues(blk);
        kill_queues(blk, &failed);
    }
    spin_unlock(&blk->lock);

    blk_complete(blk, &failed);
}
