/* The interface between disks and file systems.
 *
 * Owns the registry of block devices; guarded by an internal lock. A request
 * lives in its submitter's memory until done is called; the driver completes
 * requests in any order, from interrupt context. */
#pragma once

#include "lib/list.h"

#define SECTOR_SIZE 512u

enum blk_op {
    BLK_READ,
    BLK_WRITE,
    BLK_FLUSH,  /* writes completed before are durable when it completes */
    BLK_GET_ID, /* the serial number into vec[0]: for the driver itself */
};

/* A piece of a block of frames (mm/frame.h), never of a stack or a slab, a
 * multiple of SECTOR_SIZE long. If the request fails, the device may have
 * failed to let the memory go: then the frames it may write to have one
 * reference more, which nobody drops, and must not be used again. frame_unref
 * sees to it; who has a block of more than one frame looks at frame_refs. */
struct blkvec {
    void *base;
    size_t len;
};

struct blkreq {
    /* set by the submitter, constant until done */
    enum blk_op op;
    uint64_t sector;
    const struct blkvec *vec;
    unsigned nvec;
    void (*done)(struct blkreq *req); /* any context, must not sleep */
    void *context;                    /* the submitter's */

    /* set by the driver before done: 0, -EIO, -EOPNOTSUPP */
    int status;

    /* private to the driver */
    struct list_node link;
};

struct blockdev;

struct blockdev_ops {
    /* Starts req, or queues it until the device has room; done is always
     * called exactly once, for failures too. Any context. */
    void (*submit)(struct blockdev *dev, struct blkreq *req);

    /* Tells the device about requests submitted since the last call; submit
     * may leave that out, so a batch costs one notification. */
    void (*kick)(struct blockdev *dev);
};

struct blockdev {
    /* constant after register */
    char name[16]; /* "vda" */
    const struct blockdev_ops *ops;
    uint32_t block_size; /* the device's preferred unit, bytes */
    unsigned max_vec;    /* most pieces of one request */
    size_t max_bytes;    /* most bytes of one request */
    bool read_only;
    bool can_flush;
    char serial[21];
    void *driver;
    struct list_node node;

    /* atomic */
    uint64_t sectors; /* of SECTOR_SIZE; a disk may grow or shrink */
    uint64_t reads, writes, flushes, errors;
    uint64_t sectors_read, sectors_written;
    unsigned writers; /* who have its file open for writing; rises under the
                       * lock of the mount table */
};

/* Makes dev known; it stays for ever (a broken device fails its requests).
 * Returns 0 or -EEXIST. */
int blockdev_register(struct blockdev *dev) MUST_CHECK;

/* Returns the device called name, or NULL. */
struct blockdev *blockdev_find(const char *name);

/* Walks all devices in the order of registration: NULL gives the first,
 * NULL is returned after the last. */
struct blockdev *blockdev_next(const struct blockdev *dev);

/* Checks req against the device (range, alignment, read-only, limits) and
 * submits it; one that cannot be is completed with -EINVAL, -EROFS or, beyond
 * the end, -EIO.
 * Does not notify the device: blockdev_kick does. Any context. */
void blockdev_submit(struct blockdev *dev, struct blkreq *req);
void blockdev_kick(struct blockdev *dev);

/* Reads or writes n bytes at sector, or flushes (buf NULL, n 0), and waits,
 * sleeping; a transfer over the device's limits is split. Thread context.
 * Returns 0 or the first error. */
int blockdev_transfer(struct blockdev *dev, enum blk_op op, uint64_t sector,
                      void *buf, size_t n) MUST_CHECK;
