#include "virtio/blk.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/frame.h"
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

#define CONFIG_FIELD(name)                           \
#name, offsetof(struct virtio_blk_config, name), \
        sizeof(((struct virtio_blk_config *)NULL)->name)

/* A field is there if its feature is [virtio §2.5.1]. */
static const struct config_field {
    const char *name;
    uint8_t offset, width;
    uint64_t feature; /* 0: always there */
    uint64_t least, most;
    bool is_power_of_two;
} config_fields[] = {
    {CONFIG_FIELD(capacity), 0, 0, UINT64_MAX / SECTOR_SIZE, false},
    {CONFIG_FIELD(size_max), VIRTIO_BLK_F_SIZE_MAX, SECTOR_SIZE, UINT32_MAX,
     false},
    {CONFIG_FIELD(seg_max), VIRTIO_BLK_F_SEG_MAX, 1, UINT32_MAX, false},
    {CONFIG_FIELD(blk_size), VIRTIO_BLK_F_BLK_SIZE, SECTOR_SIZE, UINT32_MAX,
     true},
    {CONFIG_FIELD(num_queues), VIRTIO_BLK_F_MQ, 1, UINT16_MAX, false},
};

static int
read_config(const struct virtio_device *dev, struct virtio_blk_config *config)
{
    struct virtio_transport *t = dev->transport;
    /* What holds where the device does not say. */
    *config = (struct virtio_blk_config){
        .size_max = UINT32_MAX,
        .seg_max = UINT32_MAX,
        .blk_size = SECTOR_SIZE,
        .num_queues = 1,
    };
    for (unsigned i = 0; i < ARRAY_LEN(config_fields); i++) {
        const struct config_field *f = &config_fields[i];
        uint64_t value = 0;
        if (f->feature != 0 && !virtio_has(dev, f->feature))
            continue;
        int err = t->ops->config_read(t, f->offset, f->width, &value);
        if (err != 0) {
            pr_err("%s: cannot read the configuration", t->name);
            return err;
        }
        if (value < f->least || value > f->most ||
            (f->is_power_of_two && !bit_is_power_of_two64(value))) {
            pr_err("%s: %s %llu makes no sense", t->name, f->name,
                   (unsigned long long)value);
            return -EIO;
        }
        memcpy((char *)config + f->offset, &value, f->width);
    }
    return 0;
}

int
blk_refresh(struct blk *blk)
{
    struct virtio_blk_config now;
    int err = read_config(blk->dev, &now);
    if (err != 0)
        return err;
    uint64_t old = READ_ONCE(blk->disk.sectors), sectors = now.capacity;
    now.capacity = blk->config.capacity;
    if (memcmp(&now, &blk->config, sizeof(now)) != 0) {
        pr_err("%s: has become another disk", blk->disk.name);
        return -EIO;
    }
    if (sectors != old)
        pr_warn("%s: capacity changed from %llu to %llu sectors",
                blk->disk.name, (unsigned long long)old,
                (unsigned long long)sectors);
    WRITE_ONCE(blk->disk.sectors, sectors);
    return 0;
}

/* The status or the capacity; of a capacity that makes no sense nothing is
 * left but the message. */
static void
blk_config_changed(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    if (!blk_recover(blk))
        blk_refresh(blk);
}

/* ---- Bringing a disk up ---- */

/* Sets the limits of the requests that blk_submit takes, such that they fit
 * into a chain of `segments` pieces even where vectors must be cut up: a
 * vector of n bytes is cut at most n / segment_bytes times. */
static void
set_limits(struct blk *blk, unsigned segments)
{
    struct blockdev *disk = &blk->disk;
    uint32_t whole = ALIGN_DOWN(blk->config.size_max, SECTOR_SIZE);
    blk->segment_bytes = MIN(whole, REQUEST_BYTES_MAX);
    if (blk->segment_bytes == REQUEST_BYTES_MAX || segments == 1) {
        disk->max_vec = segments;
        disk->max_bytes = blk->segment_bytes;
        return;
    }
    unsigned cuts = segments / 2;
    disk->max_vec = segments - cuts;
    disk->max_bytes =
        MIN((size_t)cuts * blk->segment_bytes, (size_t)REQUEST_BYTES_MAX);
}

static int
make_queues(struct blk *blk)
{
    unsigned segments = MIN(blk->config.seg_max, (uint32_t)BLK_SEGMENTS_MAX);
    unsigned n = MIN((unsigned)blk->config.num_queues, cpu_count());
    n = MIN(n, (unsigned)VIRTIO_QUEUES_MAX);

    blk->queues = kzalloc(n * sizeof(*blk->queues));
    if (blk->queues == NULL)
        return -ENOMEM;
    blk->nqueues = n;
    for (unsigned i = 0; i < n; i++) {
        int err = blk_queue_init(blk, i, segments);
        if (err != 0)
            return err;
        unsigned chain_max = blk->queues[i].vq.chain_max;
        if (chain_max < 3) {
            pr_err("%s: a queue of %u is too small", blk->dev->transport->name,
                   chain_max);
            return -EIO;
        }
        segments = MIN(segments, chain_max - 2);
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

void
blk_format_name(unsigned index, char *name, size_t size)
{
    char letters[8];
    unsigned first = sizeof(letters) - 1;
    letters[first] = '\0';
    for (unsigned n = index + 1; n > 0; n = (n - 1) / 26)
        letters[--first] = (char)('a' + (n - 1) % 26);
    snprintf(name, size, "vd%s", &letters[first]);
}

/* Fetches the serial number [virtio §5.2.6]; a disk without one is fine. */
static void
read_serial(struct blk *blk)
{
    char *id = frame_alloc(0);
    if (id == NULL)
        return;
    memset(id, 0, VIRTIO_BLK_ID_BYTES);
    int err =
        blockdev_transfer(&blk->disk, BLK_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES);
    char *serial = blk->disk.serial;
    for (unsigned i = 0; err == 0 && i < VIRTIO_BLK_ID_BYTES; i++) {
        bool printable = id[i] > ' ' && id[i] < 0x7f;
        serial[i] = (char)(printable || id[i] == '\0' ? id[i] : '?');
    }
    frame_unref(id);
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
