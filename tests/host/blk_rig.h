/* Disks over the model of a device (virtio_model.h), and requests to them. */
#pragma once

#include "virtio_model.h"

#include "virtio/blk.h"

#define KIB   1024u
#define MIB   (1024u * KIB)
#define RINGS (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

/* What a queue can be like. */
struct variant {
    uint32_t version; /* 1: legacy */
    uint64_t features;
};

#define VARIANTS 8

extern const struct variant variants[VARIANTS];

#define for_each_variant(v) \
    for (const struct variant *v = variants; v < variants + VARIANTS; v++)

/* A disk that the kernel has not seen yet. */
struct model *blk_rig_model(uint32_t version, uint64_t features, size_t size);

/* Brings the disk up, with an empty log. Returns it, or NULL if the kernel
 * does not want it. */
struct blockdev *blk_rig_attach(struct model *m);

/* Both in one. */
struct blockdev *blk_rig_new(struct model **m, uint32_t version,
                             uint64_t features, size_t size);

/* Ends the models; fails a disk that has kept a request, or a timer. */
void blk_rig_finish(struct blockdev *disk);

/* A read that must succeed, to show that the disk works; a request that
 * must fail at once, to show that it has been given up. */
void blk_rig_check_works(struct blockdev *disk);
void blk_rig_check_dead(struct blockdev *disk);

/* n requests, up to 400, at once: reads and writes, checked. */
void blk_rig_many(struct blockdev *disk, struct model *m, unsigned n);

/* How often a frame of a request was given a reference; blk_rig_attach counts
 * anew. */
extern unsigned blk_rig_kept;

/* Where a thread would sleep: for host_kernel_idle and shim_idle. */
void blk_rig_idle(void);

/* A request and what became of it. */
struct io {
    struct blkreq req;
    struct blkvec vec[BLK_SEGMENTS_MAX];
    uint8_t *data;
    size_t len;
    unsigned done;
};

/* A request of n pieces of len bytes each. */
struct io *io_new(enum blk_op op, uint64_t sector, unsigned n, size_t len);
void io_free(struct io *io);

/* Runs the devices until all n are done, and checks that each is done once. */
void io_wait(struct io **ios, unsigned n);

/* Submits one and waits. Returns its status. */
int io_run(struct blockdev *disk, struct io *io);

/* Fails unless it read what model_make_disk wrote. */
void io_check_read(const struct io *io);
