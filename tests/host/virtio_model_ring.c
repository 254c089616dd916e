#include "virtio_model_impl.h"

#include "arch/layout.h"
#include "virtio/virtq.h"

#include <stdlib.h>
#include <string.h>

#define SCRIBBLED 0x5555 /* an avail->idx that is not the driver's */

/* ---- The rings, read as [virtio §2.7] lays them out ---- */

static uint8_t *
memory(uint64_t pa)
{
    return phys_to_virt(pa);
}

static uint16_t
load16(uint64_t pa)
{
    uint16_t value;
    memcpy(&value, memory(pa), sizeof(value));
    return value;
}

static void
store16(uint64_t pa, uint16_t value)
{
    memcpy(memory(pa), &value, sizeof(value));
}

static uint64_t
avail_idx_at(const struct model_queue *q)
{
    return q->driver + 2;
}

static uint64_t
used_event_at(const struct model_queue *q)
{
    return q->driver + 4 + 2 * q->num;
}

static uint64_t
avail_event_at(const struct model_queue *q)
{
    return q->device + 4 + 8 * q->num;
}

static bool
passed(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* ---- Taking chains ---- */

static void
add_segment(struct model_chain *c, const struct virtq_desc *d)
{
    bool write = (d->flags & VIRTQ_DESC_F_WRITE) != 0;
    require(c->nsegments < MODEL_SEGMENTS, "a chain of over %d",
            MODEL_SEGMENTS);
    require(d->len > 0, "an empty buffer in the chain of head %u", c->head);
    require(write || c->writable == 0, "readable behind writable");
    c->segments[c->nsegments++] =
        (struct model_segment){memory(d->addr), d->len, write};
    if (write)
        c->writable += d->len;
}

/* Walks a table of n descriptors from index i on. Returns the number of
 * descriptors, or 0 after an indirect one, stored to *indirect. */
static unsigned
walk(struct model_chain *c, uint64_t table, unsigned n, uint16_t i,
     struct virtq_desc *indirect)
{
    for (unsigned count = 1;; count++) {
        struct virtq_desc d;
        require(count <= n, "the chain of head %u loops", c->head);
        require(i < n, "descriptor %u of %u", i, n);
        memcpy(&d, memory(table + i * sizeof(d)), sizeof(d));
        if (d.flags & VIRTQ_DESC_F_INDIRECT) {
            require(indirect != NULL, "a table in a table");
            require(!(d.flags & VIRTQ_DESC_F_NEXT), "a table with a next");
            *indirect = d;
            return 0;
        }
        add_segment(c, &d);
        if (!(d.flags & VIRTQ_DESC_F_NEXT))
            return count;
        i = d.next;
        if (count == 1)
            c->second = i;
    }
}

static struct model_chain *
read_chain(struct model *m, struct model_queue *q, uint16_t head)
{
    struct model_chain *c = test_calloc(1, sizeof(*c));
    struct virtq_desc indirect;
    c->head = c->second = head;
    if (walk(c, q->desc, q->num, head, &indirect) == 0) {
        require(model_has(m, VIRTIO_F_INDIRECT_DESC), "an indirect descriptor");
        require(indirect.len > 0 && indirect.len % 16 == 0, "table of %u bytes",
                indirect.len);
        c->indirect = true;
        unsigned n = indirect.len / 16;
        require(walk(c, indirect.addr, n, 0, NULL) == n, "a table with a rest");
        require(n <= q->num, "an indirect chain of %u, queue of %u", n, q->num);
    }
    return c;
}

void
model_take(struct model *m, struct model_queue *q)
{
    uint16_t idx = load16(avail_idx_at(q));
    q->notified = false;
    if (idx == SCRIBBLED)
        return;
    uint16_t count = (uint16_t)(idx - q->avail_idx);
    require(count + q->nchains <= q->num, "%u available, %u taken, of %u",
            count, q->nchains, q->num);
    for (; q->avail_idx != idx; q->avail_idx++) {
        uint64_t at = q->driver + 4 + 2 * (q->avail_idx % q->num);
        q->chains[q->nchains++] = read_chain(m, q, load16(at));
        m->takes++;
    }
    if (model_has(m, VIRTIO_F_EVENT_IDX))
        store16(avail_event_at(q), (uint16_t)(q->avail_idx - m->no_notify));
    else
        store16(q->device, m->no_notify);
}

/* ---- Giving them back ---- */

static void
put_used(struct model *m, struct model_queue *q, uint32_t id, uint32_t len)
{
    struct virtq_used_elem e = {id, len};
    memcpy(memory(q->device + 4 + 8 * (q->used_idx % q->num)), &e, sizeof(e));
    uint16_t old = q->used_idx++;
    store16(q->device + 2, q->used_idx);
    q->last_head = (uint16_t)id;

    bool wanted = model_has(m, VIRTIO_F_EVENT_IDX)
                      ? passed(load16(used_event_at(q)), q->used_idx, old)
                      : !(load16(q->driver) & VIRTQ_AVAIL_F_NO_INTERRUPT);
    if (wanted)
        m->isr |= VIRTIO_ISR_USED;
}

static void
scribble(struct model_queue *q)
{
    memset(memory(q->desc), 0xff, 16 * q->num);
    memset(memory(q->driver), 0xff, 6 + 2 * q->num);
    store16(avail_idx_at(q), SCRIBBLED);
}

/* Makes the used entry, and what the buffers say, false. Returns whether
 * there is to be an entry at all. */
static bool
falsify_entry(enum model_lie lie, struct model_queue *q,
              const struct model_chain *c, struct virtq_used_elem *e,
              uint8_t last_byte)
{
    struct model_segment last = c->segments[c->nsegments - 1];
    switch (lie) {
    case LIE_ID_SIZE:
        e->id = q->num;
        return true;
    case LIE_ID_HUGE:
        e->id = UINT32_MAX;
        return true;
    case LIE_ID_WRAPPED:
        e->id += 65536;
        return true;
    case LIE_ID_FREE:
        e->id = q->num - 1;
        return true;
    case LIE_ID_NOT_HEAD:
        e->id = c->second;
        return true;
    case LIE_LEN_ONE_MORE:
        e->len = c->writable + 1;
        return true;
    case LIE_LEN_HUGE:
        e->len = UINT32_MAX;
        return true;
    case LIE_LEN_ZERO:
        e->len = 0;
        return true;
    case LIE_STATUS_NONE:
        last.base[last.len - 1] = last_byte;
        return true;
    case LIE_STATUS_WILD:
        last.base[last.len - 1] = 0x7f;
        return true;
    case LIE_SCRIBBLE:
        scribble(q);
        return true;
    default:
        return lie != LIE_NEVER;
    }
}

static void
complete_lying(struct model *m, struct model_queue *q,
               const struct model_chain *c, uint32_t len, uint8_t last_byte)
{
    enum model_lie lie = m->lie;
    struct virtq_used_elem e = {c->head, len};
    m->lie = LIE_NONE;
    if (!falsify_entry(lie, q, c, &e, last_byte))
        return;
    put_used(m, q, e.id, e.len);
    if (lie == LIE_ID_TWICE)
        put_used(m, q, e.id, e.len);
    q->used_idx += lie == LIE_IDX_JUMPS       ? 999
                   : lie == LIE_IDX_ONE_EXTRA ? 1
                   : lie == LIE_IDX_BACK      ? (uint16_t)-2
                                              : 0;
    store16(q->device + 2, q->used_idx);
    m->isr |= VIRTIO_ISR_USED;
}

static struct model_chain *
pick(struct model *m, struct model_queue *q)
{
    unsigned i = m->order == ORDER_FIFO   ? 0
                 : m->order == ORDER_LIFO ? q->nchains - 1
                                          : (unsigned)rand() % q->nchains;
    struct model_chain *c = q->chains[i];
    q->nchains--;
    memmove(&q->chains[i], &q->chains[i + 1],
            (q->nchains - i) * sizeof(q->chains[0]));
    return c;
}

void
model_complete(struct model *m, struct model_queue *q)
{
    struct model_chain *c = pick(m, q);
    const struct model_segment *last = &c->segments[c->nsegments - 1];
    uint8_t last_byte = last->base[last->len - 1];
    uint32_t len = 0;
    m->serve(m, c, &len);
    m->served++;
    if (m->lie != LIE_NONE && m->lie_after == 0)
        complete_lying(m, q, c, len, last_byte);
    else
        put_used(m, q, c->head, len);
    if (m->lie_after > 0)
        m->lie_after--;
    test_free(c);
}
