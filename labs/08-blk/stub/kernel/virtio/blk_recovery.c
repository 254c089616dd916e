#include "virtio/blk.h"
#include "arch/clock.h"
#include "lib/print.h"
#include "lib/todo.h"

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
    LAB_TODO(8);
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
    LAB_TODO(8);
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
    LAB_TODO(8);
}

/* A look: counts it, and decides under the lock; acts without it. A lost
 * interrupt is replaced; a lost request is blk_recover's business. Sets the
 * timer anew, or notes that nobody watches any more. */
void
blk_watchdog(struct timer *timer)
{
    LAB_TODO(8);
}

/* ---- Recovery ---- */

/* Why the device must be reset; NULL: it need not. It may ask for that in its
 * status [virtio §2.1.1], have lost a request, or have lied (*lied: a queue is
 * broken), which is worst. */
static const char *
find_trouble(struct blk *blk, bool *lied)
{
    LAB_TODO(8);
}

/* Goes through the whole handshake again [virtio §3.1.1], after a reset, with
 * all queues closed: features, configuration, each queue, DRIVER_OK. Only then
 * are queues opened, and blk->answered is forgotten: whether the device works
 * is still to be seen. If anything fails the device is given up, and the error
 * returned. */
static int
revive(struct blk *blk)
{
    LAB_TODO(8);
}

/* One hart at a time: another may have been here first, on behalf of another
 * queue. The order matters: until the device has been reset, the memory of its
 * requests is the device's to write [virtio §3.3.1]; if it refuses, the frames
 * that it may write to get a reference more. After that they fail, and the
 * device is revived, unless it has lied or has not answered a single
 * request since it was reset last. Then it is dead. All of this costs a line in
 * the log. Requests hear of it last, with no lock held. */
bool
blk_recover(struct blk *blk)
{
    LAB_TODO(8);
}
