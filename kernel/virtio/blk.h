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
    uint32_t max_discard_sectors; /* unused: leaves no padding, so that two
                                   * of these can be compared as bytes */
};

_Static_assert(offsetof(struct virtio_blk_config, blk_size) == 20, "");
_Static_assert(offsetof(struct virtio_blk_config, num_queues) == 34, "");
_Static_assert(sizeof(struct virtio_blk_config) == 40, "no padding");

/* Request types and status bytes [virtio §5.2.6]. */
#define VIRTIO_BLK_T_IN     0
#define VIRTIO_BLK_T_OUT    1
#define VIRTIO_BLK_T_FLUSH  4
#define VIRTIO_BLK_T_GET_ID 8

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_ID_BYTES 20

/* What the device reads before the data of a request. */
struct virtio_blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

/* ---- As the driver sees it ---- */

/* One request that the device has, or a free one. */
struct blk_slot {
    /* guarded by the queue's vq.lock */
    struct list_node node; /* in free */
    struct blkreq *req;    /* NULL: free */
    uint32_t writable;     /* bytes the device must write */
    unsigned since;        /* the queue's `looks` when it was sent */

    /* private to the owner: the device, while there is a req */
    struct virtio_blk_header header;
    uint8_t status;
};

struct blk_queue {
    /* constant after init */
    struct blk *blk;
    struct blk_slot *slots; /* as many as vq has descriptors */
    struct virtq vq;

    /* guarded by vq.lock */
    struct list_node free;    /* struct blk_slot.node */
    struct list_node waiting; /* struct blkreq.link: no room yet */
    bool closed; /* the device is being reset, or given up: requests fail */
    struct virtq_buf bufs[BLK_SEGMENTS_MAX + 2]; /* the chain being made */
    struct timer watchdog;
    bool watching;      /* the watchdog is set */
    unsigned looks;     /* it has taken so far */
    unsigned unclaimed; /* the last ones, which saw used buffers... */
    uint16_t looked_at; /* ...with this many consumed before */
    unsigned lost;      /* interrupts since the last that came, up to where
                         * patience is at its end */
};

struct blk {
    /* constant after init */
    struct virtio_device *dev;
    struct blockdev disk;
    struct virtio_blk_config config; /* capacity: disk.sectors is newer */
    uint32_t segment_bytes;          /* most bytes of one segment */
    struct blk_queue *queues;
    unsigned nqueues;
    struct spinlock lock;

    /* guarded by lock */
    bool dead;

    /* atomic */
    bool answered; /* a request since the last reset */
};

/* ---- blk.c ---- */

/* Reads the configuration again: the capacity may change at any time, but
 * nothing else, which requests rest on.
 * Returns 0; or -EIO, after a message, if it makes no sense. Any context. */
int blk_refresh(struct blk *blk);

/* Writes "vda" for 0, "vdz" for 25, "vdaa" for 26... */
void blk_format_name(unsigned index, char *name, size_t size);

/* ---- blk_queue.c ---- */

/* Makes queue number `index` of blk. Errors as virtq_init, after which
 * q->slots may be left to free. */
int blk_queue_init(struct blk *blk, unsigned index, unsigned segments)
    MUST_CHECK;

/* struct blockdev_ops. Any context. */
void blk_submit(struct blockdev *disk, struct blkreq *req);
void blk_kick(struct blockdev *disk);

/* Takes back what the device has done, gives it more to do, and calls the
 * requests' done. Any context, no lock held. */
void blk_queue_poll(struct blk_queue *q);

/* After a reset: moves all requests to `failed`, with -EIO, and fails those to
 * come, as long as q->closed stays set. */
void blk_queue_close(struct blk_queue *q, struct list_node *failed)
    EXCLUDES(q->vq.lock);

/* Calls done for all of a list (struct blkreq.link), with the status they
 * have. No lock held. */
void blk_complete(struct blk *blk, struct list_node *done);

/* ---- blk_recovery.c ---- */

/* Sets the watchdog, unless it is set. */
void blk_watch(struct blk_queue *q) REQUIRES(q->vq.lock);
void blk_watchdog(struct timer *timer);

/* Resets the device if it has lied, asks for it, or has not answered in time,
 * and fails all its requests. Returns whether that was so. A device that does
 * not reset may still write to the memory of requests to read: each frame of
 * that gets one reference more (frame_ref), which keeps it out of use for ever.
 * Any context, no lock held. */
bool blk_recover(struct blk *blk);
