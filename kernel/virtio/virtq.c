#include "virtio/virtq.h"
#include "arch/barrier.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "virtio/virtq_watch.h"

/* ---- Where things are [virtio §2.7, §2.7.2] ---- */

/* One layout serves modern and legacy devices: descriptor table, available
 * ring, then the used ring at the next VIRTQ_ALIGN boundary; behind each ring,
 * its event index. */
static int
allocate_rings(struct virtq *vq)
{
    size_t desc_bytes = vq->size * sizeof(*vq->desc);
    size_t avail_bytes = sizeof(*vq->avail) + 2 * (vq->size + 1);
    size_t used_offset = ALIGN_UP(desc_bytes + avail_bytes, VIRTQ_ALIGN);
    vq->bytes = used_offset + sizeof(*vq->used) +
                vq->size * sizeof(*vq->used->ring) + sizeof(*vq->avail_event);
    vq->order = bit_log2_ceil64((vq->bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    vq->desc = frame_alloc(vq->order);
    if (vq->desc == NULL)
        return -ENOMEM;
    vq->avail = (void *)((char *)vq->desc + desc_bytes);
    vq->used = (void *)((char *)vq->desc + used_offset);
    vq->used_event = &vq->avail->ring[vq->size];
    vq->avail_event = (const void *)&vq->used->ring[vq->size];
    return 0;
}

/* ---- Making and remaking ---- */

/* Makes everything as it is before the first request, and tells the device. */
static int
start_queue(struct virtq *vq)
{
    memset(vq->desc, 0, vq->bytes);
    for (uint16_t i = 0; i < vq->size; i++)
        vq->slots[i] = (struct virtq_slot){.next = (uint16_t)(i + 1)};
    vq->free_head = 0;
    vq->free_count = vq->size;
    vq->avail_idx = vq->batch_idx = vq->used_idx = vq->in_flight = 0;
    vq->seen_idx = 0;
    vq->broken = false;
    struct virtio_transport *t = vq->transport;
    return t->ops->queue_enable(t, vq->index, vq->size, virt_to_phys(vq->desc),
                                virt_to_phys(vq->avail),
                                virt_to_phys(vq->used));
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
    err = err ?: start_queue(vq);
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

/* The descriptor of buffer k of a chain; next: that of buffer k + 1. */
static struct virtq_desc
describe(const struct virtq_buf *bufs, unsigned k, unsigned nout, unsigned n,
         uint16_t next)
{
    bool last = k + 1 == n;
    unsigned flags =
        (k >= nout ? VIRTQ_DESC_F_WRITE : 0) | (last ? 0 : VIRTQ_DESC_F_NEXT);
    return (struct virtq_desc){
        .addr = virt_to_phys(bufs[k].base),
        .len = bufs[k].len,
        .flags = (uint16_t)flags,
        .next = last ? 0 : next,
    };
}

/* Takes n descriptors off the free list for a chain; the list's links become
 * the chain's. Returns the head. */
static uint16_t
take_descriptors(struct virtq *vq, unsigned n)
{
    uint16_t head = vq->free_head;
    for (unsigned k = 0; k < n; k++)
        vq->free_head = vq->slots[vq->free_head].next;
    vq->free_count -= (uint16_t)n;
    vq->slots[head].count = (uint16_t)n;
    return head;
}

/* Gives the chain back, as a whole, to the front of the free list. */
static void
release_chain(struct virtq *vq, uint16_t head)
{
    uint16_t last = head;
    for (unsigned k = 1; k < vq->slots[head].count; k++)
        last = vq->slots[last].next;
    vq->slots[last].next = vq->free_head;
    vq->slots[head].token = NULL;
    vq->free_head = head;
    vq->free_count += vq->slots[head].count;
    vq->in_flight--;
}

/* One descriptor for each buffer [virtio §2.7.13.1]. */
static uint16_t
add_direct(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
           unsigned n)
{
    uint16_t head = take_descriptors(vq, n);
    for (unsigned k = 0, i = head; k < n; k++, i = vq->slots[i].next)
        vq->desc[i] = describe(bufs, k, nout, n, vq->slots[i].next);
    return head;
}

/* One descriptor in all, which refers to a table of the others
 * [virtio §2.7.5.3]: long requests no longer crowd out other requests. */
static uint16_t
add_indirect(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
             unsigned n)
{
    uint16_t head = take_descriptors(vq, 1);
    struct virtq_desc *table = &vq->tables[(size_t)head * vq->chain_max];
    for (unsigned k = 0; k < n; k++)
        table[k] = describe(bufs, k, nout, n, (uint16_t)(k + 1));
    vq->desc[head] = (struct virtq_desc){
        .addr = virt_to_phys(table),
        .len = (uint32_t)(n * sizeof(*table)),
        .flags = VIRTQ_DESC_F_INDIRECT,
    };
    return head;
}

/* Puts the head into the available ring and moves the index past it. The
 * device may read the chain once idx has moved, so descriptors and ring
 * entry must be visible first [virtio §2.7.13.3.1]. */
static void
virtq_publish(struct virtq *vq, uint16_t head)
{
    vq->avail->ring[vq->avail_idx & (vq->size - 1)] = head;
    barrier_write();
    vq->avail_idx++;
    WRITE_ONCE(vq->avail->idx, vq->avail_idx);
}

int
virtq_add(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
          unsigned nin, void *token)
{
    unsigned n = nout + nin;
    assert(token != NULL && n > 0 && n <= vq->chain_max);
    if (vq->broken)
        return -EIO;
    bool indirect = vq->tables != NULL && n > 1;
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

/* Has an index that moved from `old` to `now` passed `event`? All count
 * modulo 65536 [virtio §2.7.10.1]. */
static bool
passed_event(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

bool
virtq_end_batch(struct virtq *vq)
{
    uint16_t now = vq->avail_idx, old = vq->batch_idx;
    if (vq->broken || now == old)
        return false;
    vq->batch_idx = now;

    /* A device about to sleep says so, then looks at idx once more. If we
     * looked before idx is visible, both could miss each other
     * [virtio §2.7.13.4.1]. */
    barrier_full();
    bool wanted = vq->event_idx
                      ? passed_event(READ_ONCE(*vq->avail_event), now, old)
                      : !(READ_ONCE(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY);
    vq->notified += wanted;
    return wanted;
}

void
virtq_notify(struct virtq *vq)
{
    virtq_watch_notify(vq);
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

/* Copies the next used entry to *e, so that the device cannot change it
 * between check and use, and checks it against what we know is in flight. */
static int
take_used_elem(struct virtq *vq, struct virtq_used_elem *e) REQUIRES(vq->lock)
{
    uint16_t idx = READ_ONCE(vq->used->idx);
    uint16_t pending = (uint16_t)(idx - vq->used_idx);
    vq->batches += idx != vq->seen_idx;
    vq->seen_idx = idx;
    if (pending == 0)
        return -EAGAIN;
    if (pending > vq->in_flight)
        return mark_broken(vq, "%u buffers used, %u in flight", pending,
                           vq->in_flight);
    /* The entry, and the buffers, are written before idx moves. */
    barrier_read();
    unsigned position = vq->used_idx & (vq->size - 1);
    e->id = READ_ONCE(vq->used->ring[position].id);
    e->len = READ_ONCE(vq->used->ring[position].len);

    if (e->id >= vq->size || vq->slots[e->id].token == NULL)
        return mark_broken(vq, "used head %u is not in flight", e->id);
    uint32_t writable = vq->slots[e->id].writable;
    /* Many legacy devices wrote nonsense here, which all drivers of the time
     * ignored [virtio §2.7.8.1]. */
    if (vq->transport->legacy)
        e->len = MIN(e->len, writable);
    if (e->len > writable)
        return mark_broken(vq, "head %u: %u bytes written, %u offered", e->id,
                           e->len, writable);
    return 0;
}

int
virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
{
    if (vq->broken)
        return -EIO;
    struct virtq_used_elem e = {0};
    int err = take_used_elem(vq, &e);
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

void
virtq_disable_irq(struct virtq *vq)
{
    /* With event index, an index that idx has passed already: it comes round
     * again after 65536 buffers [virtio §2.7.7.1]. */
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, (uint16_t)(vq->used_idx - 1));
    else
        WRITE_ONCE(vq->avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

bool
virtq_enable_irq(struct virtq *vq)
{
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, vq->used_idx);
    else
        WRITE_ONCE(vq->avail->flags, 0);
    /* The device adds to the ring, then looks whether we want to know; we
     * say that we do, then look into the ring. Whoever comes second sees
     * the other [virtio §2.7.14]. */
    barrier_full();
    return virtq_has_used(vq);
}

void *
virtq_reclaim(struct virtq *vq)
{
    void *token = NULL;
    for (uint16_t i = 0; i < vq->size && token == NULL; i++) {
        token = vq->slots[i].token;
        if (token != NULL)
            release_chain(vq, i);
    }
    return token;
}
