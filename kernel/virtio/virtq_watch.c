#include "virtio/virtq_watch.h"
#include "trace/control.h"

/* The N of virtioN. */
static unsigned
number_of(const struct virtq *vq)
{
    unsigned n = 0;
    for (const char *c = vq->transport->name; *c != '\0'; c++)
        if (*c >= '0' && *c <= '9')
            n = n * 10 + (unsigned)(*c - '0');
    return n;
}

static void
record_desc(const struct virtq *vq, unsigned index,
            const struct virtq_desc *desc)
{
    trace_virtq_desc(number_of(vq), vq->index, index, READ_ONCE(desc->addr),
                     READ_ONCE(desc->len), READ_ONCE(desc->flags),
                     READ_ONCE(desc->next));
}

/* An indirect table is found by our own pointer, not by the address in the
 * descriptor, which the device could have changed. */
static void
record_table(const struct virtq *vq, unsigned head, unsigned count)
{
    const struct virtq_desc *table = &vq->tables[head * vq->chain_max];
    for (unsigned i = 0; i < count; i++)
        record_desc(vq, i, &table[i]);
}

/* A chain that was added; one that never ends is cut. */
static void
record_chain(const struct virtq *vq, unsigned head)
{
    const struct virtq_desc *first = &vq->desc[head];
    bool indirect = first->flags & VIRTQ_DESC_F_INDIRECT && vq->tables;
    unsigned count = 1, at = head;
    for (; !indirect && count < vq->size; count++) {
        if (!(READ_ONCE(vq->desc[at].flags) & VIRTQ_DESC_F_NEXT))
            break;
        at = READ_ONCE(vq->desc[at].next) % vq->size;
    }
    if (indirect)
        count = MIN(READ_ONCE(first->len) / (unsigned)sizeof(*first),
                    (unsigned)vq->chain_max);
    trace_virtq_add(number_of(vq), vq->index, head, count, indirect);
    record_desc(vq, head, first);
    if (indirect) {
        record_table(vq, head, count);
        return;
    }
    for (at = head; count > 1; count--) {
        at = READ_ONCE(vq->desc[at].next) % vq->size;
        record_desc(vq, at, &vq->desc[at]);
    }
}

/* Lets *seen catch up with idx. Returns how many there are to look at: none if
 * there cannot be so many, after a reset. */
static unsigned
news(const struct virtq *vq, uint16_t *seen, uint16_t idx)
{
    uint16_t n = (uint16_t)(idx - *seen);
    if (n > vq->size)
        n = 0;
    *seen = idx;
    return n;
}

void
virtq_watch_now(struct virtq *vq, unsigned added)
{
    struct virtq_watch *watch = &vq->watch;
    uint16_t mask = vq->size - 1, idx = READ_ONCE(vq->used->idx);
    unsigned dev = number_of(vq), queue = vq->index;

    if (watch->changes != trace_changes) {
        watch->changes = trace_changes;
        watch->used = watch->freed = vq->used_idx;
        watch->added = READ_ONCE(vq->avail->idx) - (uint16_t)added;
    }
    for (unsigned n = news(vq, &watch->used, idx); n > 0; n--) {
        uint16_t at = idx - (uint16_t)n;
        const struct virtq_used_elem *used = &vq->used->ring[at & mask];
        trace_virtq_used(dev, queue, at + 1u, READ_ONCE(used->id),
                         READ_ONCE(used->len));
    }
    idx = vq->used_idx;
    for (unsigned n = news(vq, &watch->freed, idx); n > 0; n--)
        trace_virtq_free(dev, queue,
                         READ_ONCE(vq->used->ring[(idx - n) & mask].id));
    idx = READ_ONCE(vq->avail->idx);
    for (unsigned n = news(vq, &watch->added, idx); n > 0; n--) {
        unsigned head = READ_ONCE(vq->avail->ring[(idx - n) & mask]) & mask;
        record_chain(vq, head);
        trace_virtq_publish(dev, queue, idx - n + 1, head);
    }
}

void
virtq_watch_notify_now(struct virtq *vq)
{
    trace_virtq_notify(number_of(vq), vq->index);
}
