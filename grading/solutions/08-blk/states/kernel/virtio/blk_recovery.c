/* What a look at a queue finds, and what a device that is in trouble is worth,
 * are states of two small machines; what they lead to stands in tables. */
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
    if (!virtq_has_used(&q->vq)) {
        q->unclaimed = 0;
        return false;
    }
    return ++q->unclaimed >= patience(q);
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

/* What a look finds. */
enum sight {
    SIGHT_IDLE,       /* the device has nothing of ours */
    SIGHT_BUSY,       /* all is well */
    SIGHT_UNCLAIMED,  /* an interrupt was lost */
    SIGHT_UNANSWERED, /* a request was lost */
};

static enum sight
look(struct blk_queue *q) REQUIRES(q->vq.lock)
{
    q->looks++;
    if (q->closed || q->vq.in_flight == 0)
        return SIGHT_IDLE;
    if (interrupt_is_lost(q))
        return SIGHT_UNCLAIMED;
    return request_is_lost(q) ? SIGHT_UNANSWERED : SIGHT_BUSY;
}

static void
recover_device(struct blk_queue *q)
{
    (void)!blk_recover(q->blk);
}

/* What is done about it, with no lock held. */
static void (*const remedies[])(struct blk_queue *q) = {
    [SIGHT_UNCLAIMED] = replace_interrupt,
    [SIGHT_UNANSWERED] = recover_device,
};

void
blk_watchdog(struct timer *timer)
{
    struct blk_queue *q = container_of(timer, struct blk_queue, watchdog);
    spin_lock(&q->vq.lock);
    enum sight sight = look(q);
    q->watching = false;
    if (sight != SIGHT_IDLE)
        blk_watch(q);
    spin_unlock(&q->vq.lock);
    if (sight < ARRAY_LEN(remedies) && remedies[sight] != NULL)
        remedies[sight](q);
}

/* ---- Recovery ---- */

/* From bad to worse. */
enum trouble {
    TROUBLE_NONE,
    TROUBLE_LOST,
    TROUBLE_ASKED, /* the device asks for a reset [virtio §2.1.1] */
    TROUBLE_LIED,
};

static const struct {
    const char *why;
    bool is_fatal;
} troubles[] = {
    [TROUBLE_LOST] = {"a request was not answered", false},
    [TROUBLE_ASKED] = {"it asks for that", false},
    [TROUBLE_LIED] = {"it has lied", true},
};

static enum trouble
find_trouble(struct blk *blk)
{
    struct virtio_transport *t = blk->dev->transport;
    enum trouble worst = TROUBLE_NONE;
    if (t->ops->get_status(t) & VIRTIO_STATUS_NEEDS_RESET)
        worst = TROUBLE_ASKED;
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_guard(&q->vq.lock);
        enum trouble found = q->vq.broken         ? TROUBLE_LIED
                             : request_is_lost(q) ? TROUBLE_LOST
                                                  : TROUBLE_NONE;
        worst = MAX(worst, found);
    }
    return worst;
}

static int
restart_queues(struct blk *blk)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_guard(&q->vq.lock);
        error = virtq_restart(&q->vq);
        q->looked_at = q->vq.used_idx;
        q->unclaimed = 0;
    }
    return error;
}

static void
open_queues(struct blk *blk)
{
    WRITE_ONCE(blk->answered, false);
    for (unsigned i = 0; i < blk->nqueues; i++) {
        struct blk_queue *q = &blk->queues[i];
        spin_guard(&q->vq.lock);
        q->closed = false;
    }
}

/* Goes through the whole handshake again [virtio §3.1.1], after a reset, with
 * all queues closed: features, configuration, each queue, DRIVER_OK. Only then
 * are queues opened, and blk->answered is forgotten: whether the device works
 * is still to be seen. If anything fails the device is given up, and the error
 * returned. */
static int
revive(struct blk *blk)
{
    int error = virtio_negotiate(blk->dev);
    error = error ?: blk_refresh(blk);
    error = error ?: restart_queues(blk);
    if (error != 0) {
        (void)!virtio_give_up(blk->dev);
        return error;
    }
    virtio_driver_ok(blk->dev);
    open_queues(blk);
    return 0;
}

/* Fails what a queue has not given to the device, and all that comes: the
 * memory of the rest is still a device's that does not let itself be reset. */
static void
abandon_queue(struct blk_queue *q, struct list_node *failed)
{
    struct blkreq *req;
    spin_guard(&q->vq.lock);
    q->closed = true;
    while ((req = list_pop(struct blkreq, &q->waiting, link)) != NULL) {
        req->status = -EIO;
        list_push_back(failed, &req->link);
    }
}

/* Resets the device, for good or to go on with it. */
static void
reset_device(struct blk *blk, bool for_good, struct list_node *failed)
    REQUIRES(blk->lock)
{
    struct virtio_transport *t = blk->dev->transport;
    int error = for_good ? -EIO : t->ops->reset(t);
    bool is_reset = error == 0 || virtio_give_up(blk->dev) == 0;
    for (unsigned i = 0; i < blk->nqueues; i++)
        (is_reset ? blk_queue_close : abandon_queue)(&blk->queues[i], failed);
    blk->dead = error != 0 || revive(blk) != 0;
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
    spin_lock(&blk->lock);
    enum trouble trouble = blk->dead ? TROUBLE_NONE : find_trouble(blk);
    if (trouble != TROUBLE_NONE) {
        bool for_good = troubles[trouble].is_fatal || !READ_ONCE(blk->answered);
        pr_err("%s: %s the device: %s", blk->disk.name,
               for_good ? "giving up" : "resetting", troubles[trouble].why);
        reset_device(blk, for_good, &failed);
    }
    spin_unlock(&blk->lock);
    blk_complete(blk, &failed);
    return trouble != TROUBLE_NONE;
}
