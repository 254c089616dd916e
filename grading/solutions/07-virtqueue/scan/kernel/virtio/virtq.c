/* The plain way to keep descriptors: no free list. A slot whose count is 0 is
 * free, and whoever needs some looks for them from the first on. */
#include "virtio/virtq.h"
#include "abi/errno.h"
#include "arch/barrier.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
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
    size_t n = vq->size;
    size_t avail = n * sizeof(struct virtq_desc);
    size_t used_event = avail + offsetof(struct virtq_avail, ring[n]);
    size_t used = ALIGN_UP(used_event + sizeof(uint16_t), VIRTQ_ALIGN);
    size_t avail_event = used + offsetof(struct virtq_used, ring[n]);
    vq->bytes = avail_event + sizeof(uint16_t);
    vq->order = bit_log2_ceil64(ALIGN_UP(vq->bytes, PAGE_SIZE) / PAGE_SIZE);
    char *block = frame_alloc(vq->order);
    if (block == NULL)
        return -ENOMEM;
    vq->desc = (void *)block;
    vq->avail = (void *)(block + avail);
    vq->used = (void *)(block + used);
    vq->used_event = (void *)(block + used_event);
    vq->avail_event = (void *)(block + avail_event);
    return 0;
}

/* ---- Making and remaking ---- */

/* Makes everything as it is before the first request (zero rings, all slots
 * free, all indices 0, not broken), and tells the device where its
 * parts are: physical addresses, by the transport's queue_enable. */
static int
start_queue(struct virtq *vq)
{
    memset(vq->desc, 0, vq->bytes);
    memset(vq->slots, 0, vq->size * sizeof(*vq->slots));
    vq->free_count = vq->size;
    vq->avail_idx = vq->batch_idx = vq->used_idx = vq->seen_idx = 0;
    vq->in_flight = 0;
    vq->broken = false;
    return vq->transport->ops->queue_enable(
        vq->transport, vq->index, vq->size, virt_to_phys(vq->desc),
        virt_to_phys(vq->avail), virt_to_phys(vq->used));
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
    uint16_t next_flag = k + 1 < n ? VIRTQ_DESC_F_NEXT : 0;
    uint16_t write_flag = k < nout ? 0 : VIRTQ_DESC_F_WRITE;
    return (struct virtq_desc){
        .addr = virt_to_phys(bufs[k].base),
        .len = bufs[k].len,
        .flags = next_flag | write_flag,
        .next = next,
    };
}

/* Takes the first n free descriptors and links them through slots[].next. Notes
 * in each slot how many there are from it on. Returns the head. */
static uint16_t
take_descriptors(struct virtq *vq, unsigned n)
{
    uint16_t head = 0, *link = &head;
    vq->free_count -= n;
    for (uint16_t i = 0; n > 0; i++) {
        if (vq->slots[i].count != 0)
            continue;
        vq->slots[i].count = (uint16_t)n--;
        *link = i;
        link = &vq->slots[i].next;
    }
    return head;
}

/* Makes the descriptors of a chain free. Its head is in flight no more. */
static void
release_chain(struct virtq *vq, uint16_t head)
{
    vq->slots[head].token = NULL;
    vq->in_flight--;
    for (unsigned n = vq->slots[head].count; n > 0; n--) {
        vq->slots[head].count = 0;
        vq->free_count++;
        head = vq->slots[head].next;
    }
}

/* Takes one descriptor for each buffer and fills it in [virtio §2.7.13.1].
 * Returns the head. */
static uint16_t
add_direct(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
           unsigned n)
{
    uint16_t head = take_descriptors(vq, n);
    uint16_t i = head;
    for (unsigned k = 0; k < n; k++) {
        uint16_t next = vq->slots[i].next;
        vq->desc[i] = describe(bufs, k, nout, n, next);
        i = next;
    }
    return head;
}

/* Takes one descriptor in all, which refers to a table with the others
 * [virtio §2.7.5.3]. The table of descriptor i has chain_max entries and is at
 * tables[i * chain_max]; in a table, entries count from 0. Returns the head. */
static uint16_t
add_indirect(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
             unsigned n)
{
    uint16_t head = take_descriptors(vq, 1);
    struct virtq_desc *table = &vq->tables[head * vq->chain_max];
    for (unsigned k = 0; k < n; k++)
        table[k] = describe(bufs, k, nout, n, (uint16_t)(k + 1));
    vq->desc[head] = (struct virtq_desc){
        .addr = virt_to_phys(table),
        .len = (uint32_t)(n * sizeof(*table)),
        .flags = VIRTQ_DESC_F_INDIRECT,
    };
    return head;
}

/* Puts the head into the available ring and moves its index [virtio §2.7.13.2,
 * §2.7.13.3]. The device may read the chain as soon as the index has moved:
 * what must be visible before that, and which fence says so? */
static void
virtq_publish(struct virtq *vq, uint16_t head)
{
    vq->avail->ring[vq->avail_idx % vq->size] = head;
    barrier_write();
    WRITE_ONCE(vq->avail->idx, ++vq->avail_idx);
}

/* With tables, a chain of several buffers takes one descriptor; else one for
 * each buffer. What the device may write, and the token, is noted in the
 * head's slot: memory the device does not get to see. */
int
virtq_add(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
          unsigned nin, void *token)
{
    unsigned n = nout + nin;
    bool indirect = vq->tables != NULL && n > 1;
    assert(n > 0 && n <= vq->chain_max && token != NULL);
    if (vq->broken)
        return -EIO;
    if (vq->free_count < (indirect ? 1 : n))
        return -ENOSPC;
    uint16_t head = indirect ? add_indirect(vq, bufs, nout, n)
                             : add_direct(vq, bufs, nout, n);
    struct virtq_slot *slot = &vq->slots[head];
    slot->token = token;
    slot->writable = 0;
    for (unsigned k = nout; k < n; k++)
        slot->writable += bufs[k].len;
    vq->in_flight++;
    vq->added++;
    virtq_publish(vq, head);
    return 0;
}

/* Has an index that moved from `old` to `now` passed `event`? All count modulo
 * 65536; [virtio §2.7.10.1] has the formula. Why must it be so cast? */
static bool
passed_event(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* Does the device want to be told of what was added since the last batch? With
 * event_idx *avail_event says it, else a flag in used->flags [virtio §2.7.10].
 * A device about to sleep says so, then looks at the ring once more: a full
 * fence lies between our two steps, too [virtio §2.7.13.4.1]. */
bool
virtq_end_batch(struct virtq *vq)
{
    uint16_t old = vq->batch_idx, now = vq->avail_idx;
    vq->batch_idx = now;
    barrier_full();
    bool bell = now != old && !vq->broken;
    if (vq->event_idx)
        bell &= passed_event(READ_ONCE(*vq->avail_event), now, old);
    else
        bell &= !(READ_ONCE(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY);
    vq->notified += bell;
    return bell;
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
 * may say what it likes about these: [virtio §2.7.8.1]) are mark_broken's. */
static int
take_used_elem(struct virtq *vq, struct virtq_used_elem *e) REQUIRES(vq->lock)
{
    uint16_t idx = READ_ONCE(vq->used->idx);
    uint16_t count = (uint16_t)(idx - vq->used_idx);
    if (count == 0)
        return -EAGAIN;
    if (count > vq->in_flight)
        return mark_broken(vq, "%u used, %u in flight", count, vq->in_flight);
    if (vq->seen_idx == vq->used_idx)
        vq->batches++;
    vq->seen_idx = idx;

    barrier_read();
    const struct virtq_used_elem *shared =
        &vq->used->ring[vq->used_idx % vq->size];
    e->id = READ_ONCE(shared->id);
    e->len = READ_ONCE(shared->len);
    if (e->id >= vq->size || vq->slots[e->id].token == NULL)
        return mark_broken(vq, "used head %u is not in flight", e->id);
    uint32_t writable = vq->slots[e->id].writable;
    if (e->len > writable && !vq->transport->legacy)
        return mark_broken(vq, "%u bytes written of %u", e->len, writable);
    e->len = MIN(e->len, writable);
    return 0;
}

/* Takes a used entry, releases its chain, and moves on. */
int
virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
{
    struct virtq_used_elem e;
    int err = vq->broken ? -EIO : take_used_elem(vq, &e);
    if (err != 0)
        return err;
    *token = vq->slots[e.id].token;
    *len = e.len;
    release_chain(vq, (uint16_t)e.id);
    vq->used_idx++;
    return 0;
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
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, (uint16_t)(vq->used_idx - 1));
    else
        WRITE_ONCE(vq->avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* Says that interrupts are wanted, and then looks into the ring once more: a
 * buffer used in between would be found by nobody [virtio §2.7.14]. Which
 * fence lies between the two? */
bool
virtq_enable_irq(struct virtq *vq)
{
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, vq->used_idx);
    else
        WRITE_ONCE(vq->avail->flags, 0);
    barrier_full();
    return virtq_has_used(vq);
}

/* Finds a slot with a token, and releases its chain. */
void *
virtq_reclaim(struct virtq *vq)
{
    for (uint16_t i = 0; i < vq->size; i++) {
        void *token = vq->slots[i].token;
        if (token != NULL) {
            release_chain(vq, i);
            return token;
        }
    }
    return NULL;
}
