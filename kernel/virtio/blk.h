/* The disk driver: virtio-blk [virtio §5.2].
 *
 * Owns a struct blk for each disk, with one or more queues. A request goes
 * to the queue of the hart that submits it; each queue has a lock of its own,
 * that of its virtqueue (RANK_VIRTQ), and blk->lock (RANK_DEVICE), taken first,
 * makes one hart at a time repair a device. Requests are completed with no lock
 * held.
 *
 * blk.c brings a disk up, blk_queue.c moves requests, blk_recovery.c deals
 * with devices that do not answer, or lie. Other layers see none of this,
 * but the struct blockdev. */
#pragma once

#include "dev/blockdev.h"
#include "proc/timer.h"
#include "virtio/driver.h"

#define BLK_SEGMENTS_MAX 62 /* pieces of memory in one request */

/* ---- As the device sees it ---- */

/* Feature bits [virtio §5.2.3]. */
#define VIRTIO_BLK_F_SIZE_MAX (1ull << 1)
#define VIRTIO_BLK_F_SEG_MAX  (1ull << 2)
#define VIRTIO_BLK_F_RO       (1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE (1ull << 6)
#define VIRTIO_BLK_F_FLUSH    (1ull << 9)
#define VIRTIO_BLK_F_MQ       (1ull << 12)

/* The start of the configuration space [virtio §5.2.4]. */
struct virtio_blk_config {
    uint64_t capacity; /* sectors of 512 bytes */
    uint32_t size_max; /* bytes of one segment */
    uint32_t seg_max;  /* segments of one request */
    uint8_t geometry[4];
    uint32_t blk_size;
    uint8_t topology[8];
    uint8_t writeback;
    uint8_t unused0;
    uint16_t num_queues;
};

_Static_assert(offsetof(struct virtio_blk_config, blk_size) == 20, "");
_Static_assert(offsetof(struct virtio_blk_config, num_queues) == 34, "");

/* Request types and status bytes [virtio §5.2.6]. */
#define VIRTIO_BLK_T_IN     0
#define VIRTIO_BLK_T_OUT    1
#define VIRTIO_BLK_T_FLUSH  4
#define VIRTIO_BLK_T_GET_ID 8

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_ID_BYTES 20

/* What the device reads before the data of a request... */
struct virtio_blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

/* ...and, in the same piece of memory, what it writes after them. */
struct blk_wire {
    struct virtio_blk_header header;
    uint8_t status;
};

/* ---- As the driver sees it ---- */

/* An op of the driver's own, besides enum blk_op: fetches the serial number
 * into vec[0]. */
enum {
    BLK_GET_ID = BLK_FLUSH + 1,
};

/* One request that the device has. */
struct blk_slot {
    /* constant after init */
    struct blk_wire *wire;

    /* guarded by the queue's vq.lock */
    struct list_node node; /* in free or busy */
    struct blkreq *req;
    uint32_t writable; /* bytes the device must write */
    uint64_t started_ns;
    bool retried; /* it has been through a reset */
};

struct blk_queue {
    /* constant after init */
    struct blk *blk;
    struct blk_slot *slots; /* as many as vq has descriptors */
    struct blk_wire *wires;
    struct virtq vq;

    /* guarded by vq.lock */
    struct list_node free, busy; /* struct blk_slot.node; busy: oldest first */
    struct list_node waiting;    /* struct blkreq.link: no room yet */
    bool stopped;                /* the device is being reset: hands off */
    bool dead;                   /* the device is given up */
    struct virtq_buf bufs[BLK_SEGMENTS_MAX + 2]; /* the chain being made */
    struct timer watchdog;
    bool watching;      /* the watchdog is set */
    bool suspicious;    /* at its last look, used buffers were waiting... */
    uint16_t looked_at; /* ...with this many consumed before */
};

struct blk {
    /* constant after init */
    struct virtio_device *dev;
    struct blockdev disk; /* but for disk.sectors: atomic */
    struct virtio_blk_config config;
    uint32_t segment_bytes; /* most bytes of one segment */
    struct blk_queue *queues;
    unsigned nqueues;
    struct spinlock lock;

    /* guarded by lock */
    bool dead;

    /* atomic */
    unsigned resets; /* since the last request that completed */
};

extern const struct virtio_driver virtio_blk_driver;

/* blk.c: reads and checks the configuration.
 * Returns 0; or -EIO, after a message, if it makes no sense. Any context. */
int blk_read_config(struct virtio_device *dev, struct virtio_blk_config *config)
    MUST_CHECK;

/* Writes "vda" for 0, "vdz" for 25, "vdaa" for 26... */
void blk_format_name(unsigned index, char *name, size_t size);

/* blk_queue.c */

/* Makes queue number `index` of blk. Errors as virtq_init. */
int blk_queue_init(struct blk *blk, unsigned index, unsigned segments)
    MUST_CHECK;

/* Frees it, even if blk_queue_init was not called, or failed; nothing may be
 * in flight, the device must have been reset. */
void blk_queue_destroy(struct blk_queue *q);

/* struct blockdev_ops. Any context. */
void blk_submit(struct blockdev *disk, struct blkreq *req);
void blk_kick(struct blockdev *disk);

/* Takes back what the device has done, gives it more to do, and calls the
 * requests' done. Any context, no lock held. */
void blk_queue_poll(struct blk_queue *q);

/* The parts of it that recovery is made of. */

/* Moves finished requests to `done`. Returns 0, or -EIO if the queue is
 * broken. */
int
blk_queue_drain(struct blk_queue *q, struct list_node *done)
    REQUIRES(q->vq.lock)
MUST_CHECK;

/* Starts waiting requests while there is room. Returns whether the device
 * is to be notified. */
bool
blk_queue_fill(struct blk_queue *q) REQUIRES(q->vq.lock)
MUST_CHECK;

/* After a reset: starts the queue afresh and gives the device again what it
 * had, but moves requests that it had had before to `failed`. Errors as
 * virtq_restart. */
int
blk_queue_restart(struct blk_queue *q, struct list_node *failed)
    REQUIRES(q->vq.lock)
MUST_CHECK;

/* After a reset: moves all requests to `failed`, and fails all to come. */
void blk_queue_kill(struct blk_queue *q, struct list_node *failed)
    REQUIRES(q->vq.lock);

/* Calls done for all of a list (struct blkreq.link), with the status they
 * have. No lock held. */
void blk_complete(struct blk *blk, struct list_node *done);

/* blk_recovery.c */

/* The watchdog of a queue: see docs/virtio.md. */
void blk_watchdog(struct timer *timer);

/* Resets the device if it asks for that, or a request has timed out. Any
 * context, no lock held. */
void blk_recover(struct blk *blk);

/* Gives the device up because it lied. Any context, no lock held. */
void blk_give_up(struct blk *blk);

/* Sets the watchdog, unless it is set. */
void blk_watch(struct blk_queue *q) REQUIRES(q->vq.lock);
