#include "ring.h"

#include <unistd.h>

static bool
add_segment(struct ring *r, struct chain *chain, const struct vring_desc *d)
{
    void *base = memory_guest(r->memory, d->addr, d->len);
    if (base == NULL || chain->count == RING_SEGMENTS)
        return false;
    chain->segments[chain->count++] =
        (struct segment){base, d->len, (d->flags & VRING_DESC_F_WRITE) != 0};
    return true;
}

/* Walks through a table of n descriptors, from `at` on. Returns whether the
 * chain ends well. */
static bool
walk(struct ring *r, struct chain *chain, const struct vring_desc *table,
     unsigned n, unsigned at)
{
    for (unsigned steps = 0; steps < n && at < n; steps++) {
        struct vring_desc d = table[at];
        if (d.flags & VRING_DESC_F_INDIRECT) {
            const struct vring_desc *inner =
                memory_guest(r->memory, d.addr, d.len);
            return inner != NULL && table == r->desc &&
                   walk(r, chain, inner, d.len / sizeof(*inner), 0);
        }
        if (!add_segment(r, chain, &d))
            return false;
        if (!(d.flags & VRING_DESC_F_NEXT))
            return true;
        at = d.next;
        if (steps == 0 && table == r->desc)
            chain->second = d.next;
    }
    return false;
}

bool
ring_take(struct ring *r, struct chain *chain)
{
    uint16_t idx = __atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE);
    uint16_t ready = (uint16_t)(idx - r->taken);
    /* An index of our own making, if we have overwritten it. */
    if (ready == 0 || ready > r->size)
        return false;
    uint16_t head = r->avail->ring[r->taken++ % r->size];
    chain->head = chain->second = head;
    chain->count = 0;
    if (!walk(r, chain, r->desc, r->size, head))
        chain->count = 0;
    return true;
}

uint16_t *
ring_avail_event(struct ring *r)
{
    return (uint16_t *)&r->used->ring[r->size];
}

void
ring_want_bell(struct ring *r)
{
    if (r->event_idx)
        __atomic_store_n(ring_avail_event(r), r->taken, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
ring_put(struct ring *r, uint32_t id, uint32_t len)
{
    r->used->ring[r->given++ % r->size] = (struct vring_used_elem){id, len};
}

void
ring_move(struct ring *r, int step)
{
    r->given = (uint16_t)(r->given + step);
    __atomic_store_n(&r->used->idx, r->given, __ATOMIC_RELEASE);
}

void
ring_call(struct ring *r)
{
    uint64_t one = 1;
    if (r->call >= 0 && write(r->call, &one, sizeof(one)) < 0)
        return; /* it counts as many already */
}

void
ring_interrupt(struct ring *r, uint16_t before)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint16_t event = r->avail->ring[r->size];
    bool wanted = r->event_idx
                      ? vring_need_event(event, r->given, before)
                      : !(r->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
    if (wanted)
        ring_call(r);
}
