/* Descriptors come from a pool that knows three operations, and chains are
 * built from their end to their head: each new descriptor knows the one behind
 * it. */
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

/* Offsets of the parts, and their end. One layout serves modern and legacy
 * devices: descriptor table, available ring, then the used ring at the next
 * VIRTQ_ALIGN boundary; behind each ring, its event index. */
struct layout {
    size_t avail, used_event, used, avail_event, end;
};

static struct layout
lay_out(size_t size)
{
    struct layout at;
    at.avail = size * sizeof(struct virtq_desc);
    at.used_event = at.avail + offsetof(struct virtq_avail, ring[size]);
    at.used = ALIGN_UP(at.used_event + sizeof(uint16_t), VIRTQ_ALIGN);
    at.avail_event = at.used + offsetof(struct virtq_used, ring[size]);
    at.end = at.avail_event + sizeof(uint16_t);
    return at;
}

static unsigned
order_for(size_t bytes)
{
    return bit_log2_ceil64((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* Allocates the three parts as one block of frames. Returns 0 or -ENOMEM. */
static int
allocate_rings(struct virtq *vq)
{
    struct layout at = lay_out(vq->size);
    vq->bytes = at.end;
    vq->order = order_for(at.end);
    char *block = frame_alloc(vq->order);
    if (!block)
        return -ENOMEM;
    vq->desc = (void *)block;
    vq->avail = (void *)(block + at.avail);
    vq->used_event = (void *)(block + at.used_event);
    vq->used = (void *)(block + at.used);
    vq->avail_event = (void *)(block + at.avail_event);
    return 0;
}

/* ---- The pool of descriptors ----
 *
 * Free ones are linked through slots[].next from free_head on. That of the last
 * one leads nowhere: free_count says where to stop. */

static void
pool_put(struct virtq *vq, uint16_t i)
{
    vq->slots[i].next = vq->free_head;
    vq->free_head = i;
    vq->free_count++;
}

static uint16_t
pool_take(struct virtq *vq)
{
    uint16_t i = vq->free_head;
    vq->free_head = vq->slots[i].next;
    vq->free_count--;
    return i;
}

static void
pool_fill(struct virtq *vq)
{
    memset(vq->slots, 0, vq->size * sizeof(*vq->slots));
    vq->free_head = vq->free_count = 0;
    for (uint16_t i = vq->size; i-- > 0;)
        pool_put(vq, i);
}

/* ---- Making and remaking ---- */

static void
forget_all(struct virtq *vq)
{
    memset(vq->desc, 0, vq->bytes);
    pool_fill(vq);
    vq->avail_idx = vq->batch_idx = 0;
    vq->used_idx = vq->seen_idx = 0;
    vq->in_flight = 0;
    vq->broken = false;
}

/* Makes everything as it is before the first request, and tells the device
 * where its parts are. */
static int
start_queue(struct virtq *vq)
{
    struct virtio_transport *t = vq->transport;
    forget_all(vq);
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

/* What is to become a chain. */
struct pieces {
    const struct virtq_buf *bufs;
    unsigned nout, n; /* nout of the n are for the device to read */
};

static struct pieces
pieces_of(const struct virtq_buf *bufs, unsigned nout, unsigned nin)
{
    return (struct pieces){.bufs = bufs, .nout = nout, .n = nout + nin};
}

static uint32_t
count_writable(const struct pieces *pieces)
{
    uint32_t sum = 0;
    for (unsigned k = pieces->nout; k < pieces->n; k++)
        sum += pieces->bufs[k].len;
    return sum;
}

/* The descriptor of buffer k [virtio §2.7.5]; next: that of buffer k + 1. */
static struct virtq_desc
describe(const struct pieces *pieces, unsigned k, uint16_t next)
{
    bool is_last = k + 1 == pieces->n;
    unsigned flags = (k >= pieces->nout ? VIRTQ_DESC_F_WRITE : 0) |
                     (is_last ? 0 : VIRTQ_DESC_F_NEXT);
    return (struct virtq_desc){
        .addr = virt_to_phys(pieces->bufs[k].base),
        .len = pieces->bufs[k].len,
        .flags = (uint16_t)flags,
        .next = is_last ? 0 : next,
    };
}

/* A descriptor for each buffer, the last one first [virtio §2.7.13.1]. Returns
 * the head. */
static uint16_t
add_direct(struct virtq *vq, const struct pieces *pieces)
{
    uint16_t next = 0;
    for (unsigned k = pieces->n; k-- > 0;) {
        uint16_t i = pool_take(vq);
        vq->desc[i] = describe(pieces, k, next);
        vq->slots[i].next = next;
        next = i;
    }
    vq->slots[next].count = (uint16_t)pieces->n;
    return next;
}

/* One descriptor, which refers to a table of its own with the others
 * [virtio §2.7.5.3]; in a table, entries count from 0. Returns the head. */
static uint16_t
add_indirect(struct virtq *vq, const struct pieces *pieces)
{
    uint16_t head = pool_take(vq);
    struct virtq_desc *table = &vq->tables[(size_t)head * vq->chain_max];
    for (unsigned k = 0; k < pieces->n; k++)
        table[k] = describe(pieces, k, (uint16_t)(k + 1));
    vq->desc[head] = (struct virtq_desc){
        .addr = virt_to_phys(table),
        .len = (uint32_t)(pieces->n * sizeof(*table)),
        .flags = VIRTQ_DESC_F_INDIRECT,
    };
    vq->slots[head].count = 1;
    return head;
}

/* Gives a chain back, as a whole. Its head is in flight no more. */
static void
release_chain(struct virtq *vq, uint16_t head)
{
    unsigned count = vq->slots[head].count;
    vq->slots[head].token = NULL;
    for (uint16_t i = head; count > 0; count--) {
        uint16_t next = vq->slots[i].next;
        pool_put(vq, i);
        i = next;
    }
    vq->in_flight--;
}

static unsigned
ring_place(const struct virtq *vq, uint16_t idx)
{
    return idx & (vq->size - 1u);
}

/* The device may read the chain as soon as the index has moved: the descriptors
 * and the ring's entry must be visible before [virtio §2.7.13.3.1]. */
static void
virtq_publish(struct virtq *vq, uint16_t head)
{
    WRITE_ONCE(vq->avail->ring[ring_place(vq, vq->avail_idx)], head);
    barrier_write();
    vq->avail_idx++;
    WRITE_ONCE(vq->avail->idx, vq->avail_idx);
}

/* In the head's slot is what the device must not change. */
static void
send(struct virtq *vq, uint16_t head, uint32_t writable, void *token)
{
    vq->slots[head].writable = writable;
    vq->slots[head].token = token;
    vq->in_flight++;
    vq->added++;
    virtq_publish(vq, head);
}

int
virtq_add(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
          unsigned nin, void *token)
{
    const struct pieces pieces = pieces_of(bufs, nout, nin);
    bool indirect = vq->tables && pieces.n > 1;
    assert(token && pieces.n > 0 && pieces.n <= vq->chain_max);
    if (vq->broken)
        return -EIO;
    if (vq->free_count < (indirect ? 1 : pieces.n))
        return -ENOSPC;
    uint16_t head =
        indirect ? add_indirect(vq, &pieces) : add_direct(vq, &pieces);
    send(vq, head, count_writable(&pieces), token);
    return 0;
}

/* ---- Bells [virtio §2.7.10] ---- */

/* Has an index that moved from `old` to `now` passed `event`? Of the steps it
 * made, all modulo 65536, was one that from event to event + 1? */
static bool
passed_event(uint16_t event, uint16_t now, uint16_t old)
{
    uint16_t moved = (uint16_t)(now - old);
    uint16_t beyond = (uint16_t)(now - event - 1);
    return beyond < moved;
}

static bool
wants_bell(const struct virtq *vq, uint16_t now, uint16_t old)
{
    if (vq->event_idx)
        return passed_event(READ_ONCE(*vq->avail_event), now, old);
    return !(READ_ONCE(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY);
}

/* A device about to sleep says so, then looks at the ring once more. We do it
 * the other way round: so one of us sees the other [virtio §2.7.13.4.1]. */
bool
virtq_end_batch(struct virtq *vq)
{
    uint16_t now = vq->avail_idx, old = vq->batch_idx;
    vq->batch_idx = now;
    if (now == old || vq->broken)
        return false; /* nothing is new, or nothing is wanted any more */
    barrier_full();
    bool wanted = wants_bell(vq, now, old);
    vq->notified += wanted;
    return wanted;
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

/* How many used entries there are that we have not taken. */
static uint16_t
count_used(const struct virtq *vq)
{
    return (uint16_t)(READ_ONCE(vq->used->idx) - vq->used_idx);
}

/* Counts how often there is something where we had seen nothing. */
static void
note_seen(struct virtq *vq, uint16_t pending)
{
    uint16_t idx = (uint16_t)(vq->used_idx + pending);
    vq->batches += vq->seen_idx == vq->used_idx && idx != vq->seen_idx;
    vq->seen_idx = idx;
}

/* Each half is read once: what was checked is what is used. */
static struct virtq_used_elem
copy_used_elem(const struct virtq *vq)
{
    const struct virtq_used_elem *e =
        &vq->used->ring[ring_place(vq, vq->used_idx)];
    return (struct virtq_used_elem){READ_ONCE(e->id), READ_ONCE(e->len)};
}

static bool
is_in_flight(const struct virtq *vq, uint32_t head)
{
    return head < vq->size && vq->slots[head].token;
}

/* What the device says of the bytes that it wrote: a legacy device may say what
 * it likes [virtio §2.7.8.1], and is believed as far as it can be true. */
static int
check_len(struct virtq *vq, struct virtq_used_elem *e) REQUIRES(vq->lock)
{
    uint32_t writable = vq->slots[e->id].writable;
    if (e->len > writable && !vq->transport->legacy)
        return mark_broken(vq, "%u bytes written of %u", e->len, writable);
    e->len = MIN(e->len, writable);
    return 0;
}

/* Copies the next entry of the used ring to *e, and checks it. -EAGAIN if there
 * is none. */
static int
take_used_elem(struct virtq *vq, struct virtq_used_elem *e) REQUIRES(vq->lock)
{
    uint16_t pending = count_used(vq);
    note_seen(vq, pending);
    if (pending == 0)
        return -EAGAIN;
    if (pending > vq->in_flight)
        return mark_broken(vq, "%u chains used, %u in flight", pending,
                           vq->in_flight);
    barrier_read(); /* the index first, and then what it announces */
    *e = copy_used_elem(vq);
    if (!is_in_flight(vq, e->id))
        return mark_broken(vq, "used head %u is not in flight", e->id);
    return check_len(vq, e);
}

int
virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
{
    struct virtq_used_elem e;
    if (vq->broken)
        return -EIO;
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

/* With event_idx the flags stay 0 [virtio §2.7.7.1]: an index that used->idx
 * has passed already comes round again only after 65536 buffers. */
void
virtq_disable_irq(struct virtq *vq)
{
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, (uint16_t)(vq->used_idx - 1));
    else
        WRITE_ONCE(vq->avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* We say that we are about to sleep, then look once more: a buffer used in
 * between would be found by nobody [virtio §2.7.14]. */
bool
virtq_enable_irq(struct virtq *vq)
{
    if (vq->event_idx)
        WRITE_ONCE(*vq->used_event, vq->used_idx);
    else
        WRITE_ONCE(vq->avail->flags, 0);
    barrier_full();
    return count_used(vq) != 0;
}

/* ---- Taking all back ---- */

void *
virtq_reclaim(struct virtq *vq)
{
    for (uint16_t i = 0; i < vq->size; i++) {
        void *token = vq->slots[i].token;
        if (!token)
            continue;
        release_chain(vq, i);
        return token;
    }
    return NULL;
}
