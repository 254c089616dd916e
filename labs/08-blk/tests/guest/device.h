/* The disk that the test plays: rings that are read and written as
 * [virtio §2.7] lays them out, and a transport of its own.
 *
 * Owns *d, the one disk that is played at a time, its requests and its chains.
 * One hart; the transport in any context. */
#pragma once

#include "abi/errno.h"
#include "arch/clock.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "virtio/blk.h"

#define IOS_MAX    600
#define CHAINS_MAX 1200
#define PIECES_MAX 160
#define LEN_TRUE   0xffffffffu /* as many bytes as were written */
#define NO_STATUS  0x100u      /* the status byte is left alone */

/* A request, and what became of it. */
struct io {
    struct blkreq req;
    struct blkvec vec[BLK_SEGMENTS_MAX];
    uint8_t *data;
    size_t len;
    uint32_t done, order, resets, bells; /* when it was done */
    bool held;                           /* a lock, meanwhile */
};

struct queue {
    unsigned max, size;
    uint64_t desc, avail, used;
    uint16_t taken, given; /* entries of the rings */
    uint16_t told;         /* used entries at the last interrupt */
    uint32_t bells, held;  /* those with a lock held */
    bool off;              /* virtq_disable_irq was called */
};

struct chain {
    struct queue *queue;
    uint16_t head;
};

struct model {
    struct virtio_transport t;
    struct virtio_device dev;
    uint64_t offered, accepted;
    uint8_t status, config[64];
    uint32_t resets, early, orders; /* early: bells before DRIVER_OK */
    bool refuses_reset, refuses_features;
    uint8_t serial[VIRTIO_BLK_ID_BYTES];
    bool knows_serial, awake;
    struct timer server, limit;
    struct queue queues[VIRTIO_QUEUES_MAX];
    unsigned nchains, nios;
    const uint8_t *late; /* what chain `late_chain` is answered with, as... */
    size_t late_len;
    uint32_t late_chain;
    bool late_saw_off; /* ...interrupts are asked for; were they off? */
};

static struct model *d;

static struct chain chains[CHAINS_MAX];
static struct io ios[IOS_MAX];

/* ---- Rings ---- */

static uint8_t *
at(uint64_t pa)
{
    return phys_to_virt(pa);
}

static uint16_t
load16(uint64_t pa)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return *(volatile uint16_t *)at(pa);
}

static void
store16(uint64_t pa, uint16_t value)
{
    *(volatile uint16_t *)at(pa) = value;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The descriptors of a chain, in its order; those of a table in place of the
 * one that refers to it. Returns how many. */
static unsigned
walk(const struct chain *chain, struct virtq_desc *descs)
{
    uint64_t table = chain->queue->desc, room = chain->queue->size;
    uint32_t i = chain->head;
    unsigned n = 0;
    for (;;) {
        struct virtq_desc desc;
        if (i >= room || n == PIECES_MAX)
            panic("grade: the chain has no end");
        memcpy(&desc, at(table + i * sizeof(desc)), sizeof(desc));
        if (desc.flags & VIRTQ_DESC_F_INDIRECT) {
            table = desc.addr;
            room = desc.len / sizeof(desc);
            i = 0;
            continue;
        }
        descs[n++] = desc;
        if (!(desc.flags & VIRTQ_DESC_F_NEXT))
            return n;
        i = desc.next;
    }
}

/* Takes the next chain of a queue. Returns NULL if there is none. */
static struct chain *
take(struct queue *q)
{
    if (q->size == 0 || load16(q->avail + 2) == q->taken)
        return NULL;
    struct chain *chain = &chains[d->nchains++];
    if (d->nchains > CHAINS_MAX)
        panic("grade: too many chains");
    chain->queue = q;
    chain->head = load16(q->avail + 4 + 2 * (q->taken++ & (q->size - 1)));
    /* "Tell me of the next one" [virtio §2.7.10]. */
    store16(q->used + 4 + 8 * q->size, q->taken);
    return chain;
}

static void
use(struct queue *q, uint32_t id, uint32_t len, uint32_t step)
{
    uint64_t elem = q->used + 4 + 8 * (q->given & (q->size - 1));
    memcpy(at(elem), &id, sizeof(id));
    memcpy(at(elem + 4), &len, sizeof(len));
    q->given = (uint16_t)(q->given + step);
    store16(q->used + 2, q->given);
}

/* Writes content, again and again, to all that the device may write, a status
 * to the last byte of it, and puts the chain into the used ring. */
static void
answer(const struct chain *chain, uint32_t status, uint32_t len,
       const uint8_t *content, size_t n)
{
    static struct virtq_desc descs[PIECES_MAX];
    unsigned count = walk(chain, descs);
    uint32_t written = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t *to = at(descs[i].addr);
        if (!(descs[i].flags & VIRTQ_DESC_F_WRITE))
            continue;
        uint32_t room = descs[i].len - (i == count - 1);
        for (uint32_t k = 0; k < room && n > 0; k++)
            to[k] = content[(written + k) % n];
        written += room;
        if (i == count - 1 && status != NO_STATUS)
            to[room] = (uint8_t)status;
    }
    written += status != NO_STATUS;
    use(chain->queue, chain->head, len == LEN_TRUE ? written : len, 1);
}

/* Does the driver want to be interrupted for what was used since it was last
 * [virtio §2.7.7]? */
static bool
is_wanted(struct queue *q)
{
    uint16_t now = q->given, old = q->told;
    q->told = now;
    if (now == old)
        return false;
    if (!(d->accepted & VIRTIO_F_EVENT_IDX))
        return !(load16(q->avail) & VIRTQ_AVAIL_F_NO_INTERRUPT);
    uint16_t event = load16(q->avail + 4 + 2 * q->size);
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* ---- The transport ---- */

static uint8_t
get_status(struct virtio_transport *t UNUSED)
{
    return d->status;
}

static void
set_status(struct virtio_transport *t UNUSED, uint8_t status)
{
    if (d->refuses_features)
        status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    d->status = status | (d->status & VIRTIO_STATUS_NEEDS_RESET);
}

static int
reset(struct virtio_transport *t UNUSED)
{
    if (d->refuses_reset)
        return -ETIMEDOUT;
    d->resets++;
    d->status = 0;
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        struct queue *q = &d->queues[i];
        q->size = 0;
        q->taken = q->given = q->told = 0;
    }
    return 0;
}

static uint64_t
get_features(struct virtio_transport *t UNUSED)
{
    return d->offered;
}

static void
set_features(struct virtio_transport *t UNUSED, uint64_t features)
{
    d->accepted = features;
}

static unsigned
queue_max(struct virtio_transport *t UNUSED, unsigned index)
{
    return index < VIRTIO_QUEUES_MAX ? d->queues[index].max : 0;
}

static int
queue_enable(struct virtio_transport *t UNUSED, unsigned index, unsigned size,
             uint64_t desc, uint64_t avail, uint64_t used)
{
    struct queue *q = &d->queues[index];
    if (size > q->max)
        return -EIO;
    q->size = size;
    q->desc = desc;
    q->avail = avail;
    q->used = used;
    return 0;
}

static bool
holds_locks(void)
{
    struct blk *blk = d->dev.driver_data;
    bool held = spin_held(&blk->lock);
    for (unsigned i = 0; i < d->dev.nqueues; i++)
        held |= spin_held(&d->dev.queues[i]->lock);
    return held;
}

static void
notify(struct virtio_transport *t UNUSED, unsigned index)
{
    struct queue *q = &d->queues[index];
    q->bells++;
    q->held += holds_locks();
    d->early += !(d->status & VIRTIO_STATUS_DRIVER_OK);
    if (d->awake)
        timer_set(&d->server, clock_now_ns());
}

static uint32_t
isr_ack(struct virtio_transport *t UNUSED)
{
    return VIRTIO_ISR_USED;
}

static int
config_read(struct virtio_transport *t UNUSED, unsigned offset, unsigned width,
            void *to)
{
    if (offset + width > sizeof(d->config))
        return -EIO;
    memcpy(to, d->config + offset, width);
    return 0;
}

static const struct virtio_transport_ops ops = {
    .get_status = get_status,
    .set_status = set_status,
    .reset = reset,
    .get_features = get_features,
    .set_features = set_features,
    .queue_max = queue_max,
    .queue_enable = queue_enable,
    .notify = notify,
    .isr_ack = isr_ack,
    .config_read = config_read,
};
