#include "virtio/virtq.h"
#include "abi/errno.h"
#include "arch/barrier.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/frame.h"
#include "mm/slab.h"

/* ---- Where things are [virtio §2.7, §2.7.2] ---- */

/* Allocates the three parts as one block of frames (vq->order, vq->bytes), and
 * points vq->desc, avail, used, used_event and avail_event into it.
 *
 * One layout serves modern and legacy devices: descriptor table, available
 * ring, then the used ring at the next VIRTQ_ALIGN boundary; behind each ring,
 * its event index [virtio §2.7, §2.7.2]. Returns 0 or -ENOMEM. */
static int
allocate_rings(struct virtq *vq)
{
    LAB_TODO(7);
}

/* ---- Making and remaking ---- */

/* Makes everything as it is before the first request (zero rings, all slots
 * free and linked, all indices 0, not broken), and tells the device where its
 * parts are: physical addresses, by the transport's queue_enable. The counts
 * for /sys go on. */
static int
start_queue(struct virtq *vq)
{
    LAB_TODO(7);
}

int
virtq_init(struct virtq *vq, struct virtio_transport *transport, unsigned index,
           unsigned size_wanted, unsigned chain_max, uint64_t features)
{
    unsigned size = transport->ops->queue_max(transport, index);
    if (size == 0)
        return -ENOENT;
    size = MIN(size, size_wanted);
    size = MIN(size, (unsigned)VIRTQ_SIZE_MAX);
    size = 1u << bit_log2_floor64(size);
    *vq = (struct virtq){
        .transport = transport,
        .index = index,
        .size = (uint16_t)size,
        /* Indirect chains, too, are limited by the size of the queue
         * [virtio §2.7.5.3.1]. */
        .chain_max = (uint16_t)MIN(chain_max, size),
        .event_idx = (features & VIRTIO_F_EVENT_IDX) != 0,
    };
    spin_init(&vq->lock, "virtqueue", RANK_VIRTQ);
    bool indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0;
    vq->slots = kmalloc(size * sizeof(*vq->slots));
    if (indirect)
        vq->tables =
            kmalloc((size_t)size * vq->chain_max * sizeof(*vq->tables));
    int err = allocate_rings(vq);
    if (vq->slots == NULL || (indirect && vq->tables == NULL))
        err = -ENOMEM;
    if (err == 0)
        err = start_queue(vq);
    if (err != 0)
        virtq_destroy(vq);
    return err;
}

int
virtq_restart(struct virtq *vq)
{
    assert_eq(vq->in_flight, 0);
    return start_queue(vq);
}

void
virtq_destroy(struct virtq *vq)
{
    assert_eq(vq->in_flight, 0);
    if (vq->desc != NULL)
        frame_free(vq->desc, vq->order);
    kfree(vq->slots);
    kfree(vq->tables);
}

/* ---- Supplying buffers to the device [virtio §2.7.13] ---- */

/* The descriptor of buffer k of a chain of n, of which the first nout are for
 * the device to read; next: that of buffer k + 1 [virtio §2.7.5]. */
static struct virtq_desc
describe(const struct virtq_buf *bufs, unsigned k, unsigned nout, unsigned n,
         uint16_t next)
{
    LAB_TODO(7);
}

/* Takes n descriptors off the free list, which is linked through slots[].next
 * from free_head on: the list's links become the chain's. Notes in the head's
 * slot how many there are. Returns the head. */
static uint16_t
take_descriptors(struct virtq *vq, unsigned n)
{
    LAB_TODO(7);
}

/* Gives a chain back, as a whole, to the front of the free list. Its head is in
 * flight no more. */
static void
release_chain(struct virtq *vq, uint16_t head)
{
    LAB_TODO(7);
}

/* Takes one descriptor for each buffer and fills it in [virtio §2.7.13.1].
 * Returns the head. */
static uint16_t
add_direct(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
           unsigned n)
{
    LAB_TODO(7);
}

/* Takes one descriptor in all, which refers to a table with the others
 * [virtio §2.7.5.3]. The table of descriptor i has chain_max entries and is at
 * tables[i * chain_max]; in a table, entries count from 0. Returns the head. */
static uint16_t
add_indirect(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
             unsigned n)
{
    LAB_TODO(7);
}

/* Puts the head into the available ring and moves its index [virtio §2.7.13.2,
 * §2.7.13.3]. The device may read the chain as soon as the index has moved:
 * what must be visible before that, and which fence says so? */
static void
virtq_publish(struct virtq *vq, uint16_t head)
{
    LAB_TODO(7);
}

/* With tables, a chain of several buffers takes one descriptor; else one for
 * each buffer. What the device may write, and the token, is noted in the
 * head's slot: memory the device does not get to see. Counted in vq->added. */
int
virtq_add(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
          unsigned nin, void *token)
{
    LAB_TODO(7);
}

/* Has an index that moved from `old` to `now` passed `event`: was it `event`
 * just before one of the moves [virtio §2.7.10.1]? All count modulo 65536. Why
 * must the differences be cast? */
static bool
passed_event(uint16_t event, uint16_t now, uint16_t old)
{
    LAB_TODO(7);
}

/* Does the device want to be told of what was added since the last batch? With
 * event_idx *avail_event says it, else a flag in used->flags [virtio §2.7.10].
 * A device about to sleep says so, then looks at the ring once more: a full
 * fence lies between our two steps, too [virtio §2.7.13.4.1]. If it wants to be
 * told, that is counted in vq->notified: lsdev shows both. */
bool
virtq_end_batch(struct virtq *vq)
{
    LAB_TODO(7);
}

void
virtq_notify(struct virtq *vq)
{
    vq->transport->ops->notify(vq->transport, vq->index);
}

/* ---- Receiving used buffers from the device [virtio §2.7.14] ---- */

/* Notes a lie. Returns -EIO. */
PRINTF(2, 3)
static int
mark_broken(struct virtq *vq, const char *format, ...)
{
    char reason[80];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    vq->broken = true;
    pr_err("%s: queue %u is broken: %s", vq->transport->name, vq->index,
           reason);
    return -EIO;
}

/* Copies the next entry of the used ring to *e [virtio §2.7.14]. -EAGAIN if
 * there is none. The device may lie: more entries than chains in flight, a head
 * that is not in flight, more bytes written than were offered (a legacy device
 * may say what it likes about these: [virtio §2.7.8.1]) are mark_broken's.
 *
 * Counts a batch whenever used->idx is not what it was at the last look
 * (vq->seen_idx): lsdev shows how many came at once. */
static int
take_used_elem(struct virtq *vq, struct virtq_used_elem *e) REQUIRES(vq->lock)
{
    LAB_TODO(7);
}

/* Takes a used entry, releases its chain, and moves on. */
int
virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
{
    LAB_TODO(7);
}

bool
virtq_has_used(struct virtq *vq)
{
    return vq->broken || READ_ONCE(vq->used->idx) != vq->used_idx;
}

/* With event_idx: an index that used->idx has passed already, so that it comes
 * round again only after 65536 buffers; else a flag [virtio §2.7.7]. */
void
virtq_disable_irq(struct virtq *vq)
{
    LAB_TODO(7);
}

/* Says that interrupts are wanted, and then looks into the ring once more: a
 * buffer used in between would be found by nobody [virtio §2.7.14]. Which
 * fence lies between the two? */
bool
virtq_enable_irq(struct virtq *vq)
{
    LAB_TODO(7);
}

/* Finds a slot with a token, and releases its chain. */
void *
virtq_reclaim(struct virtq *vq)
{
    LAB_TODO(7);
}
