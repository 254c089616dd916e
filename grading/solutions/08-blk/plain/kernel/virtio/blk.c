/* The configuration is read by a table of fields, and judged in one
 * condition. */
#include "virtio/blk.h"
#include "arch/cpu.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
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
    const struct virtio_transport_ops *ops = dev->transport->ops;
    const struct {
        uint64_t feature; /* 0: always there */
        unsigned offset, width;
    } fields[] = {
#define FIELD(feature, field) \
    {feature, offsetof(struct virtio_blk_config, field), sizeof(config->field)}
        FIELD(0, capacity),
        FIELD(VIRTIO_BLK_F_SIZE_MAX, size_max),
        FIELD(VIRTIO_BLK_F_SEG_MAX, seg_max),
        FIELD(VIRTIO_BLK_F_BLK_SIZE, blk_size),
        FIELD(VIRTIO_BLK_F_MQ, num_queues),
#undef FIELD
    };
    *config = (struct virtio_blk_config){
        .size_max = UINT32_MAX,
        .seg_max = UINT32_MAX,
        .blk_size = SECTOR_SIZE,
        .num_queues = 1,
    };
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        if (fields[i].feature != 0 && !virtio_has(dev, fields[i].feature))
            continue;
        int err =
            ops->config_read(dev->transport, fields[i].offset, fields[i].width,
                             (char *)config + fields[i].offset);
        if (err != 0)
            return err;
    }
    if (config->capacity <= UINT64_MAX / SECTOR_SIZE &&
        config->size_max >= SECTOR_SIZE && config->seg_max > 0 &&
        config->num_queues > 0 && config->blk_size >= SECTOR_SIZE &&
        bit_is_power_of_two64(config->blk_size))
        return 0;
    pr_err("%s: makes no sense: %llu sectors, size_max %u, seg_max %u, "
           "blk_size %u, %u queues",
           dev->transport->name, (unsigned long long)config->capacity,
           config->size_max, config->seg_max, config->blk_size,
           config->num_queues);
    return -EIO;
}

/* A field that was not read has the same value as before; the capacity may have
 * another, and must be written in one piece, since harts read it meanwhile. */
int
blk_refresh(struct blk *blk)
{
    struct virtio_blk_config config;
    int err = read_config(blk->dev, &config);
    if (err != 0)
        return err;
    uint64_t capacity = config.capacity;
    config.capacity = blk->config.capacity;
    if (memcmp(&config, &blk->config, sizeof(config)) != 0) {
        pr_err("%s: is another disk now", blk->disk.name);
        return -EIO;
    }
    WRITE_ONCE(blk->disk.sectors, capacity);
    return 0;
}

/* The device may want a reset, or have another capacity: one interrupt tells of
 * both [virtio §2.1, §5.2.5]. After a reset all has been read again. */
static void
blk_config_changed(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    if (!blk_recover(blk))
        blk_refresh(blk);
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
    uint32_t most = MIN(blk->config.size_max, REQUEST_BYTES_MAX);
    blk->segment_bytes = ALIGN_DOWN(most, SECTOR_SIZE);
    blk->disk.max_vec = segments;
    blk->disk.max_bytes = REQUEST_BYTES_MAX;
    if (blk->segment_bytes == REQUEST_BYTES_MAX)
        return;
    /* Vectors are whole sectors: all in all, max_bytes of them are cut once
     * less than max_bytes / segment_bytes times. */
    blk->disk.max_vec = (segments + 1) / 2;
    size_t cuts = segments - blk->disk.max_vec;
    blk->disk.max_bytes =
        MIN((cuts + 1) * blk->segment_bytes, REQUEST_BYTES_MAX);
}

/* Makes as many queues as the device has and harts can use, VIRTIO_QUEUES_MAX
 * at most, in an array blk->queues (blk->nqueues says how many blk_remove has
 * to free). How many segments the device takes in one request, BLK_SEGMENTS_MAX
 * of us, and the queues (vq.chain_max) decide what set_limits is told. A queue
 * must take a chain of header, one segment and status, or it is -EIO. */
static int
make_queues(struct blk *blk)
{
    unsigned count = MIN(blk->config.num_queues, cpu_count());
    unsigned segments = MIN(blk->config.seg_max, (unsigned)BLK_SEGMENTS_MAX);
    count = MIN(count, (unsigned)VIRTIO_QUEUES_MAX);
    blk->queues = kzalloc(count * sizeof(*blk->queues));
    if (blk->queues == NULL)
        return -ENOMEM;
    while (blk->nqueues < count) {
        struct blk_queue *q = &blk->queues[blk->nqueues];
        int err = blk_queue_init(blk, blk->nqueues++, segments);
        if (err != 0)
            return err;
        if (q->vq.chain_max < 3)
            return -EIO;
        segments = MIN(segments, q->vq.chain_max - 2u);
    }
    set_limits(blk, segments);
    return 0;
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
    char digits[16];
    unsigned at = sizeof(digits) - 1;
    digits[at] = '\0';
    for (unsigned left = index + 1; left > 0; left = (left - 1) / 26)
        digits[--at] = (char)('a' + (left - 1) % 26);
    snprintf(name, size, "vd%s", &digits[at]);
}

/* Fetches the serial number [virtio §5.2.6], which is not always terminated,
 * into disk->serial, with '?' for all that cannot be printed, blanks included.
 * The buffer is for the device to write: never a stack. A disk without one is
 * fine. */
static void
read_serial(struct blk *blk)
{
    char *serial = blk->disk.serial;
    char *id = kzalloc(VIRTIO_BLK_ID_BYTES + 1);
    if (id != NULL && blockdev_transfer(&blk->disk, BLK_GET_ID, 0, id,
                                        VIRTIO_BLK_ID_BYTES) == 0)
        strlcpy(serial, id, sizeof(blk->disk.serial));
    kfree(id);
    for (; *serial != '\0'; serial++)
        if (*serial <= ' ' || *serial > '~')
            *serial = '?';
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
