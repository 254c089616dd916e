#include "virtio/blk.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/slab.h"

/* Longer transfers gain nothing, but keep others waiting. */
#define REQUEST_BYTES_MAX (1024 * 1024u)

/* Serves the boot hart only: disks are brought up one by one. */
static unsigned disks_named;

static const struct blockdev_ops blk_ops = {
    .submit = blk_submit,
    .kick = blk_kick,
};

/* ---- Configuration [virtio §5.2.4] ---- */

/* Fills *config in with what the device says [virtio §5.2.4], each field by one
 * config_read of its own width. A field is there if its feature is
 * [virtio §2.5.1]; where the device does not say: blocks of 512 bytes, one
 * queue, and segments without a limit (UINT32_MAX) to size and number.
 *
 * What makes no sense is -EIO, with a line in the log: a capacity whose bytes
 * do not fit into 64 bits, no segments or no queues, segments smaller than a
 * sector, blocks smaller than one or no power of two. */
static int
read_config(const struct virtio_device *dev, struct virtio_blk_config *config)
{
    LAB_TODO(8);
}

/* A field that was not read has the same value as before; the capacity may have
 * another, and must be written in one piece, since harts read it meanwhile. */
int
blk_refresh(struct blk *blk)
{
    LAB_TODO(8);
}

/* The device may want a reset, or have another capacity: one interrupt tells of
 * both [virtio §2.1, §5.2.5]. After a reset all has been read again. */
static void
blk_config_changed(struct virtio_device *dev)
{
    LAB_TODO(8);
}

/* ---- Bringing a disk up ---- */

/* Sets blk->segment_bytes, the size at which vectors are cut up: the largest
 * number of whole sectors that size_max allows, REQUEST_BYTES_MAX at most. Then
 * max_vec and max_bytes of the disk, such that a request within these limits
 * makes no more than `segments` pieces, however its bytes are spread over its
 * vectors: a vector of n bytes is cut at most n / segment_bytes times.
 *
 * Where nothing needs to be cut, max_vec is `segments`; else half of them, or
 * one more, are left to vectors. No request has more than REQUEST_BYTES_MAX. */
static void
set_limits(struct blk *blk, unsigned segments)
{
    LAB_TODO(8);
}

/* Makes as many queues as the device has and harts can use, VIRTIO_QUEUES_MAX
 * at most, in an array blk->queues (blk->nqueues says how many blk_remove has
 * to free). How many segments the device takes in one request, BLK_SEGMENTS_MAX
 * of us, and the queues (vq.chain_max) decide what set_limits is told. A queue
 * must take a chain of header, one segment and status, or it is -EIO. */
static int
make_queues(struct blk *blk)
{
    LAB_TODO(8);
}

static int
blk_probe(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    blk->dev = dev;
    spin_init(&blk->lock, "virtio-blk", RANK_DEVICE);
    int err = read_config(dev, &blk->config);
    if (err != 0)
        return err;

    struct blockdev *disk = &blk->disk;
    strlcpy(disk->name, dev->transport->name, sizeof(disk->name));
    disk->ops = &blk_ops;
    disk->driver = blk;
    disk->sectors = blk->config.capacity;
    disk->block_size = blk->config.blk_size;
    disk->read_only = virtio_has(dev, VIRTIO_BLK_F_RO);
    disk->can_flush = virtio_has(dev, VIRTIO_BLK_F_FLUSH);
    return make_queues(blk);
}

static void
blk_remove(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    for (unsigned i = 0; i < blk->nqueues; i++)
        kfree(blk->queues[i].slots);
    kfree(blk->queues);
}

/* ---- Telling the kernel ---- */

/* There is no zero among these digits. */
void
blk_format_name(unsigned index, char *name, size_t size)
{
    LAB_TODO(8);
}

/* Fetches the serial number [virtio §5.2.6], which is not always terminated,
 * into disk->serial, with '?' for all that cannot be printed, blanks included.
 * The buffer is for the device to write: never a stack. A disk without one is
 * fine. */
static void
read_serial(struct blk *blk)
{
    LAB_TODO(8);
}

static void
blk_start(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    struct blockdev *disk = &blk->disk;
    blk_format_name(disks_named++, disk->name, sizeof(disk->name));
    read_serial(blk);
    if (blockdev_register(disk) != 0) {
        pr_err("%s: there is a %s already", dev->transport->name, disk->name);
        return;
    }
    unsigned long long kib = disk->sectors * SECTOR_SIZE / 1024;
    bool large = kib >= 10 * 1024;
    print_boot(disk->name, "%llu %s, %u-byte blocks%s%s, %u queue%s%s",
               large ? kib / 1024 : kib, large ? "MiB" : "KiB",
               disk->block_size, disk->serial[0] != '\0' ? ", serial " : "",
               disk->serial, blk->nqueues, blk->nqueues == 1 ? "" : "s",
               disk->read_only ? ", read-only" : "");
}

static void
blk_irq(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    for (unsigned i = 0; i < blk->nqueues; i++)
        blk_queue_poll(&blk->queues[i]);
}

const struct virtio_driver virtio_blk_driver = {
    .name = "blk",
    .device_id = VIRTIO_ID_BLOCK,
    .features = VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO |
                VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_MQ,
    .data_size = sizeof(struct blk),
    .probe = blk_probe,
    .start = blk_start,
    .irq = blk_irq,
    .config_changed = blk_config_changed,
    .remove = blk_remove,
};
