/* Which descriptors are free, which are heads in flight, and which make up a
 * chain: all of these are sets, of a bit for each descriptor. */
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

/* ---- Sets of descriptors ---- */

#define WORD_BITS 64u
#define SET_WORDS (VIRTQ_SIZE_MAX / WORD_BITS)

struct set {
    uint64_t words[SET_WORDS];
};

static bool
set_has(const struct set *set, unsigned i)
{
    return (set->words[i / WORD_BITS] >> i % WORD_BITS & 1) != 0;
}

static void
set_insert(struct set *set, unsigned i)
{
    set->words[i / WORD_BITS] |= 1ul << i % WORD_BITS;
}

static void
set_remove(struct set *set, unsigned i)
{
    set->words[i / WORD_BITS] &= ~(1ul << i % WORD_BITS);
}

static bool
set_is_empty(const struct set *set)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < SET_WORDS; i++)
        all |= set->words[i];
    return all == 0;
}

/* The lowest member of a set that is not empty. */
static uint16_t
set_first(const struct set *set)
{
    unsigned word = 0;
    while (set->words[word] == 0)
        word++;
    return (uint16_t)(word * WORD_BITS +
                      bit_count_trailing_zeros64(set->words[word]));
}

/* What vq->slots is a part of: memory that no device gets to see. */
struct shadow {
    struct set free, heads;
    struct set members[VIRTQ_SIZE_MAX]; /* of the chain with that head */
    struct virtq_slot slots[VIRTQ_SIZE_MAX];
};

static struct shadow *
shadow_of(struct virtq *vq)
{
    return (struct shadow *)((char *)vq->slots -
                             offsetof(struct shadow, slots));
}

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
    size_t avail_at = vq->size * sizeof(struct virtq_desc);
    size_t used_event_at =
        avail_at + sizeof(struct virtq_avail) + vq->size * sizeof(uint16_t);
    size_t used_at = ALIGN_UP(used_event_at + sizeof(uint16_t), VIRTQ_ALIGN);
    size_t avail_event_at = used_at + sizeof(struct virtq_used) +
                            vq->size * sizeof(struct virtq_used_elem);
    vq->bytes = avail_event_at + sizeof(uint16_t);
    vq->order = bit_log2_ceil64((vq->bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    char *rings = frame_alloc(vq->order);
    if (rings == NULL)
        return -ENOMEM;
    vq->desc = (struct virtq_desc *)rings;
    vq->avail = (struct virtq_avail *)(rings + avail_at);
    vq->used = (struct virtq_used *)(rings + used_at);
    vq->used_event = (uint16_t *)(rings + used_event_at);
    vq->avail_event = (const uint16_t *)(rings + avail_event_at);
    return 0;
}

/* ---- Making and remaking ---- */

/* Makes everything as it is before the first request (zero rings, all slots
 * free and linked, all indices 0, not broken), and tells the device where its
 * parts are: physical addresses, by the transport's queue_enable. */
static int
start_queue(struct virtq *vq)
{
    struct shadow *shadow = shadow_of(vq);
    memset(vq->desc, 0, vq->bytes);
    memset(shadow, 0, sizeof(*shadow));
    for (unsigned i = 0; i < vq->size; i++)
        set_insert(&shadow->free, i);
    vq->free_count = vq->size;
    vq->avail_idx = vq->batch_idx = 0;
    vq->used_idx = vq->seen_idx = 0;
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
    struct shadow *shadow = kmalloc(sizeof(*shadow));
    vq->slots = shadow != NULL ? shadow->slots : NULL;
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
    if (vq->slots != NULL)
        kfree(shadow_of(vq));
    kfree(vq->tables);
}

/* ---- Supplying buffers to the device [virtio §2.7.13] ---- */

/* The descriptor of buffer k of a chain of n, of which the first nout are for
 * the device to read; next: that of buffer k + 1 [virtio §2.7.5]. */
static struct virtq_desc
describe(const struct virtq_buf *bufs, unsigned k, unsigned nout, unsigned n,
         uint16_t next)
{
    bool last = k + 1 == n;
    return (struct virtq_desc){
        .addr = virt_to_phys(bufs[k].base),
        .len = bufs[k].len,
        .flags = (uint16_t)((k >= nout ? VIRTQ_DESC_F_WRITE : 0) |
                            (last ? 0 : VIRTQ_DESC_F_NEXT)),
        .next = last ? 0 : next,
    };
}

/* Takes any free descriptor, of which there is one. */
static uint16_t
take_descriptor(struct virtq *vq)
{
    uint16_t i = set_first(&shadow_of(vq)->free);
    set_remove(&shadow_of(vq)->free, i);
    vq->free_count--;
    return i;
}

/* Gives back all descriptors of a chain. Its head is in flight no more. */
static void
release_chain(struct virtq *vq, uint16_t head)
{
    struct shadow *shadow = shadow_of(vq);
    for (unsigned i = 0; i < SET_WORDS; i++)
        shadow->free.words[i] |= shadow->members[head].words[i];
    vq->free_count = (uint16_t)(vq->free_count + vq->slots[head].count);
    vq->slots[head].token = NULL;
    set_remove(&shadow->heads, head);
    vq->in_flight--;
}

/* One descriptor for each buffer [virtio §2.7.13.1]. Returns the head. */
static uint16_t
add_direct(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
           unsigned n)
{
    struct set members = {0};
    uint16_t head = take_descriptor(vq), at = head, next = 0;
    for (unsigned k = 0; k < n; k++, at = next) {
        if (k + 1 < n)
            next = take_descriptor(vq);
        vq->desc[at] = describe(bufs, k, nout, n, next);
        set_insert(&members, at);
    }
    shadow_of(vq)->members[head] = members;
    vq->slots[head].count = (uint16_t)n;
    return head;
}

/* One descriptor in all, which refers to the table that is its own
 * [virtio §2.7.5.3]. Returns it. */
static uint16_t
add_indirect(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
             unsigned n)
{
    uint16_t head = take_descriptor(vq);
    struct virtq_desc *table = &vq->tables[head * vq->chain_max];
    for (unsigned k = 0; k < n; k++)
        table[k] = describe(bufs, k, nout, n, (uint16_t)(k + 1));
    vq->desc[head] = (struct virtq_desc){
        .addr = virt_to_phys(table),
        .len = (uint32_t)(n * sizeof(*table)),
        .flags = VIRTQ_DESC_F_INDIRECT,
    };
    struct set members = {0};
    set_insert(&members, head);
    shadow_of(vq)->members[head] = members;
    vq->slots[head].count = 1;
    return head;
}

/* Shows the device a chain [virtio §2.7.13.2, §2.7.13.3]. */
static void
virtq_publish(struct virtq *vq, uint16_t head)
{
    vq->avail->ring[vq->avail_idx % vq->size] = head;
    /* The device reads chain and ring as soon as it sees the index. */
    barrier_write();
    WRITE_ONCE(vq->avail->idx, ++vq->avail_idx);
}

int
virtq_add(struct virtq *vq, const struct virtq_buf *bufs, unsigned nout,
          unsigned nin, void *token)
{
    unsigned n = nout + nin;
    bool indirect = vq->tables != NULL && n > 1;
    assert(token != NULL && n > 0 && n <= vq->chain_max);
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
    set_insert(&shadow_of(vq)->heads, head);
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
    uint16_t old = vq->batch_idx;
    vq->batch_idx = vq->avail_idx;
    if (vq->broken || old == vq->avail_idx)
        return false;
    /* The index was written; does the device know, or does it sleep? */
    barrier_full();
    bool wanted =
        vq->event_idx
            ? passed_event(READ_ONCE(*vq->avail_event), vq->avail_idx, old)
            : !(READ_ONCE(vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY);
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
    vq->batches += vq->seen_idx == vq->used_idx;
    vq->seen_idx = idx;
    /* The entry, and what was written to buffers, is there with the index. */
    barrier_read();
    const volatile struct virtq_used_elem *entry =
        &vq->used->ring[vq->used_idx % vq->size];
    *e = (struct virtq_used_elem){.id = entry->id, .len = entry->len};

    if (e->id >= vq->size || !set_has(&shadow_of(vq)->heads, e->id))
        return mark_broken(vq, "used head %u is not in flight", e->id);
    uint32_t writable = vq->slots[e->id].writable;
    if (e->len > writable && !vq->transport->legacy)
        return mark_broken(vq, "%u bytes written, %u offered", e->len,
                           writable);
    e->len = MIN(e->len, writable);
    return 0;
}

/* Takes a used entry, releases its chain, and moves on. */
int
virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
{
    struct virtq_used_elem e;
    int error = vq->broken ? -EIO : take_used_elem(vq, &e);
    if (error != 0)
        return error;
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
    /* The device writes its index, then looks whether we want to be told. */
    barrier_full();
    return virtq_has_used(vq);
}

void *
virtq_reclaim(struct virtq *vq)
{
    const struct set *heads = &shadow_of(vq)->heads;
    if (set_is_empty(heads))
        return NULL;
    uint16_t head = set_first(heads);
    void *token = vq->slots[head].token;
    release_chain(vq, head);
    return token;
}
