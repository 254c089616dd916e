/* What a disk says of itself is read by a table of fields. */
#include "virtio/blk.h"
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

/* A field is there if its feature is [virtio §2.5.1]; or else it has a value
 * that says nothing. */
static const struct field {
    const char *name;
    uint64_t feature; /* 0: it is always there */
    unsigned offset, width;
    uint64_t otherwise;
} fields[] = {
#define FIELD(member, feature, otherwise)                                 \
    {                                                                     \
#member, feature, offsetof(struct virtio_blk_config, member),     \
            sizeof(((struct virtio_blk_config *)NULL)->member), otherwise \
    }
    FIELD(capacity, 0, 0),
    FIELD(size_max, VIRTIO_BLK_F_SIZE_MAX, UINT32_MAX),
    FIELD(seg_max, VIRTIO_BLK_F_SEG_MAX, UINT32_MAX),
    FIELD(blk_size, VIRTIO_BLK_F_BLK_SIZE, SECTOR_SIZE),
    FIELD(num_queues, VIRTIO_BLK_F_MQ, 1),
};

/* The field of a configuration that makes no sense, or NULL. The rest of the
 * driver computes with them and does not look again. */
static const char *
find_nonsense(const struct virtio_blk_config *config)
{
    if (config->capacity > UINT64_MAX / SECTOR_SIZE)
        return "capacity";
    if (config->size_max < SECTOR_SIZE)
        return "size_max";
    if (config->seg_max == 0)
        return "seg_max";
    if (config->blk_size < SECTOR_SIZE ||
        !bit_is_power_of_two64(config->blk_size))
        return "blk_size";
    return config->num_queues == 0 ? "num_queues" : NULL;
}

/* Fills *config in with what the device says, or -EIO, with a line in the log.
 */
static int
read_config(const struct virtio_device *dev, struct virtio_blk_config *config)
{
    struct virtio_transport *t = dev->transport;
    memset(config, 0, sizeof(*config));
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        const struct field *field = &fields[i];
        char *to = (char *)config + field->offset;
        memcpy(to, &field->otherwise, field->width);
        if (field->feature != 0 && !virtio_has(dev, field->feature))
            continue;
        int error = t->ops->config_read(t, field->offset, field->width, to);
        if (error != 0) {
            pr_err("%s: %s cannot be read", t->name, field->name);
            return error;
        }
    }
    const char *nonsense = find_nonsense(config);
    if (nonsense == NULL)
        return 0;
    pr_err("%s: its %s makes no sense", t->name, nonsense);
    return -EIO;
}

/* A field that was not read has the same value as before; the capacity may have
 * another, and must be written in one piece, since harts read it meanwhile. */
int
blk_refresh(struct blk *blk)
{
    struct virtio_blk_config now;
    int error = read_config(blk->dev, &now);
    if (error != 0)
        return error;
    uint64_t sectors = now.capacity;
    now.capacity = blk->config.capacity;
    if (memcmp(&now, &blk->config, sizeof(now)) != 0) {
        pr_err("%s: more than its capacity has changed", blk->disk.name);
        return -EIO;
    }
    WRITE_ONCE(blk->disk.sectors, sectors);
    return 0;
}

/* The device may want a reset, or have another capacity: one interrupt tells of
 * both [virtio §2.1, §5.2.5]. After a reset all has been read again. */
static void
blk_config_changed(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    if (blk_recover(blk))
        return;
    spin_guard(&blk->lock);
    if (!blk->dead)
        (void)!blk_refresh(blk); /* the disk is then what it was before */
}

/* ---- Bringing a disk up ---- */

/* Sets blk->segment_bytes, at which vectors are cut up, and the limits within
 * which no request has more than `segments` pieces.
 *
 * A vector is cut before each segment_bytes that begin in it but the first. So
 * v vectors of at least a sector, of b segments in all, have the most pieces if
 * each is a little longer than whole segments, which makes v + b - 1 of them,
 * for the rests of v vectors are a segment and more. */
static void
set_limits(struct blk *blk, unsigned segments)
{
    struct blockdev *disk = &blk->disk;
    uint32_t longest = MIN(blk->config.size_max, REQUEST_BYTES_MAX);
    blk->segment_bytes = ALIGN_DOWN(longest, SECTOR_SIZE);
    if (blk->segment_bytes == REQUEST_BYTES_MAX) {
        disk->max_vec = segments;
        disk->max_bytes = REQUEST_BYTES_MAX;
        return;
    }
    disk->max_vec = (segments + 1) / 2;
    size_t bytes = (size_t)(segments - disk->max_vec + 1) * blk->segment_bytes;
    disk->max_bytes = MIN(bytes, (size_t)REQUEST_BYTES_MAX);
    /* What is longer is split there, where a block must end if it can. */
    if (disk->max_bytes > disk->block_size)
        disk->max_bytes = ALIGN_DOWN(disk->max_bytes, (size_t)disk->block_size);
}

/* Makes as many queues as the device has and harts can use, VIRTIO_QUEUES_MAX
 * at most, in an array blk->queues (blk->nqueues says how many blk_remove has
 * to free). How many segments the device takes in one request, BLK_SEGMENTS_MAX
 * of us, and the queues (vq.chain_max) decide what set_limits is told. A queue
 * must take a chain of header, one segment and status, or it is -EIO. */
static int
make_queues(struct blk *blk)
{
    unsigned count = MIN((unsigned)blk->config.num_queues, cpu_count());
    count = MIN(count, (unsigned)VIRTIO_QUEUES_MAX);
    unsigned segments = MIN(blk->config.seg_max, (uint32_t)BLK_SEGMENTS_MAX);
    blk->queues = kzalloc(count * sizeof(*blk->queues));
    if (blk->queues == NULL)
        return -ENOMEM;
    blk->nqueues = count;
    unsigned least = segments;
    for (unsigned i = 0; i < count; i++) {
        int error = blk_queue_init(blk, i, segments);
        if (error != 0)
            return error;
        unsigned room = blk->queues[i].vq.chain_max;
        if (room < 3) {
            pr_err("%s: queue %u is too small", blk->disk.name, i);
            return -EIO;
        }
        least = MIN(least, room - 2);
    }
    set_limits(blk, least);
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
    char text[16];
    unsigned at = sizeof(text) - 1;
    text[at] = '\0';
    for (unsigned rest = index + 1; rest > 0; rest = (rest - 1) / 26)
        text[--at] = (char)('a' + (rest - 1) % 26);
    text[--at] = 'd';
    text[--at] = 'v';
    strlcpy(name, text + at, size);
}

/* Fetches the serial number [virtio §5.2.6], which is not always terminated,
 * into disk->serial, with '?' for all that cannot be printed, blanks included.
 * The buffer is for the device to write: never a stack. A disk without one is
 * fine. */
static void
read_serial(struct blk *blk)
{
    struct blockdev *disk = &blk->disk;
    FREED char *id = kzalloc(VIRTIO_BLK_ID_BYTES);
    if (id == NULL ||
        blockdev_transfer(disk, BLK_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES) != 0)
        return;
    for (unsigned i = 0; i < VIRTIO_BLK_ID_BYTES && id[i] != '\0'; i++)
        disk->serial[i] = id[i] > ' ' && id[i] < 0x7f ? id[i] : '?';
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
