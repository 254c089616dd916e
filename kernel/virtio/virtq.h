/* Split virtqueues: how buffers travel to a device and back
 * [virtio §2.7].
 *
 * A virtqueue is three tables in memory that driver and device share. The
 * driver describes buffers in the *descriptor table*, as chains, and puts the
 * number of a chain's first descriptor, its head, into the *available ring*.
 * The device does the work and puts the head into the *used ring*. Each ring
 * is counted by an index that only ever grows, modulo 65536.
 *
 *     virtq_add ────> descriptors, available ring ──> device
 *     virtq_notify ─> "look!"                            │
 *     virtq_pop_used <── used ring <─────────────────────┘ interrupt
 *
 * A struct virtq owns its rings and knows which chains are in flight; the
 * buffers stay the caller's, and may not be touched until their chain comes
 * back. vq->lock is the caller's to take: it can guard what he keeps about the
 * same requests, too. Any context, but for virtq_init and virtq_destroy.
 *
 * The device is not trusted: what the driver must remember is in memory that
 * is not shared (struct virtq_slot), what the device writes is checked, and the
 * first lie makes the queue *broken*: a line in the log, and -EIO from then
 * on. */
#pragma once

#include "sync/spinlock.h"
#include "virtio/transport.h"

#define VIRTQ_SIZE_MAX 128  /* descriptors we use, if the device has more */
#define VIRTQ_ALIGN    4096 /* of the rings, and of the used ring in them */

/* Feature bits that change how a virtqueue works [virtio §6]. */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX     (1ull << 29)

/* ---- As the device sees it; little-endian, as the hart is ---- */

#define VIRTQ_DESC_F_NEXT     1 /* the chain goes on at `next` */
#define VIRTQ_DESC_F_WRITE    2 /* the device writes; else it reads */
#define VIRTQ_DESC_F_INDIRECT 4 /* the buffer is a table of descriptors */

/* [virtio §2.7.5] */
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

/* [virtio §2.7.6]; behind ring[size] there is one more: used_event. */
struct virtq_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[];
};

struct virtq_used_elem {
    uint32_t id;  /* head of the chain */
    uint32_t len; /* bytes the device wrote to its buffers */
};

#define VIRTQ_USED_F_NO_NOTIFY 1

/* [virtio §2.7.8]; behind ring[size] there is a uint16_t: avail_event. */
struct virtq_used {
    uint16_t flags;
    uint16_t idx;
    struct virtq_used_elem ring[];
};

_Static_assert(sizeof(struct virtq_desc) == 16, "[virtio §2.7.5]");
_Static_assert(sizeof(struct virtq_used_elem) == 8, "[virtio §2.7.8]");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "[virtio §1.4]");

/* ---- As the driver sees it ---- */

/* A buffer, or a piece of one: memory in the direct map, never a stack. */
struct virtq_buf {
    void *base;
    uint32_t len; /* > 0 */
};

/* What we know of descriptor i, in memory the device does not get to see:
 * never read back what it could have changed. */
struct virtq_slot {
    uint16_t next;     /* next in the chain, or in the free list */
    void *token;       /* of the chain in flight that starts here, or NULL */
    uint32_t writable; /* bytes the device may write to that chain */
    uint16_t count;    /* descriptors of that chain */
};

/* Indices as virtio/virtq_watch.c last saw them. */
struct virtq_watch {
    unsigned changes; /* of what is traced, by then */
    uint16_t added, used, freed;
    bool untraced; /* what is traced leaves by this queue */
};

struct virtq {
    /* constant after init */
    struct virtio_transport *transport;
    unsigned index;
    uint16_t size;      /* descriptors; a power of two */
    uint16_t chain_max; /* buffers of one chain */
    bool event_idx;
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    struct virtq_desc *tables; /* for indirect chains, chain_max descriptors
                                * for each slot; NULL: no such chains */
    unsigned order;            /* of the rings, for frame_free */
    size_t bytes;              /* of the rings */
    /* "Interrupt me when used->idx has passed this": ours to write; and
     * "notify me when avail->idx has passed this": the device's. */
    uint16_t *used_event;
    const uint16_t *avail_event;

    struct spinlock lock;

    /* guarded by lock */
    struct virtq_slot *slots;
    uint16_t free_head; /* first of the free descriptors */
    uint16_t free_count;
    uint16_t avail_idx; /* what we wrote to avail->idx last */
    uint16_t batch_idx; /* avail_idx at the last virtq_end_batch */
    uint16_t used_idx;  /* used entries consumed */
    uint16_t in_flight; /* chains the device has */
    bool broken;
    uint16_t seen_idx; /* used->idx when we last looked */
    struct virtq_watch watch;
    /* Since init, for /sys: chains, bells, and how often there were used ones
     * where we had not seen any. */
    uint64_t added, notified, batches;
};

/* Makes *vq queue `index` of the device, with interrupts on, and tells the
 * device where it is. `features` are those negotiated; the size is at most
 * size_wanted, chains have at most chain_max buffers, and vq->size and
 * vq->chain_max may be less.
 * Returns 0; -ENOENT if the device has no such queue; -ENOMEM; -EBUSY or
 * -EIO if the device refuses. */
int virtq_init(struct virtq *vq, struct virtio_transport *transport,
               unsigned index, unsigned size_wanted, unsigned chain_max,
               uint64_t features) MUST_CHECK;

/* Frees the rings. The device must have been reset, all be reclaimed. */
void virtq_destroy(struct virtq *vq);

/* Hands the device a chain: bufs[0 .. nout) for it to read, then
 * bufs[nout .. nout + nin) for it to write [virtio §2.7.4.2]; at least one,
 * chain_max at most. token, not NULL, is what virtq_pop_used will return. The
 * device may start at once, but need not look before virtq_notify. Several
 * buffers take one descriptor with VIRTIO_F_INDIRECT_DESC, else as many.
 * Returns 0; -ENOSPC (no room until something is popped); -EIO (broken). */
MUST_CHECK int virtq_add(struct virtq *vq, const struct virtq_buf *bufs,
                         unsigned nout, unsigned nin, void *token)
    REQUIRES(vq->lock);

/* Ends a batch of virtq_add. Returns whether the device wants to be told with
 * virtq_notify, which is slow and best called without the lock: a bell that
 * rings late, even after a reset, is harmless [virtio §2.7.10.2]. */
MUST_CHECK bool virtq_end_batch(struct virtq *vq) REQUIRES(vq->lock);
void virtq_notify(struct virtq *vq);

/* Takes back one chain that the device is done with, in the device's order:
 * *token as given to virtq_add, *len the bytes it says it wrote, never more
 * than it was offered. Returns 0; -EAGAIN if there is none; or -EIO if the
 * queue is broken: the caller resets the device and then reclaims. */
MUST_CHECK int virtq_pop_used(struct virtq *vq, void **token, uint32_t *len)
    REQUIRES(vq->lock);

/* Asks the device not to interrupt for used buffers; it may all the same
 * [virtio §2.7.7]. Pop between this and virtq_enable_irq: after an interrupt
 * the next one is sure to come only when it has been asked for. */
void virtq_disable_irq(struct virtq *vq) REQUIRES(vq->lock);

/* Asks for interrupts. Returns whether a buffer was used before the device
 * could know: no interrupt will tell of it, so pop again. */
MUST_CHECK bool virtq_enable_irq(struct virtq *vq) REQUIRES(vq->lock);

/* Whether virtq_pop_used would return anything but -EAGAIN. */
bool virtq_has_used(struct virtq *vq) REQUIRES(vq->lock);

/* Takes back any one chain in flight, used or not. Only when the device
 * cannot touch it any more: after a reset [virtio §3.3.1].
 * Returns its token, or NULL when none is left. */
MUST_CHECK void *virtq_reclaim(struct virtq *vq) REQUIRES(vq->lock);

/* Starts afresh after a reset, with everything reclaimed: empty rings, not
 * broken, same size and place. Errors as virtq_init. */
MUST_CHECK int virtq_restart(struct virtq *vq) REQUIRES(vq->lock);
