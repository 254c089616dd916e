/* What a disk says of itself is a table of fields, each with what is believed
 * of it; all else that is computed from it is a function of a line or two. */
#include "virtio/blk.h"
#include "lib/bits.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/slab.h"

/* Longer transfers gain nothing, but keep others waiting. */
#define REQUEST_BYTES_MAX (1024 * 1024u)
#define BLK_EXTRA_BUFS    2u /* of a chain: header and status */

/* Serves the boot hart only: disks are brought up one by one. */
static unsigned disks_named;

static const struct blockdev_ops blk_ops = {
    .submit = blk_submit,
    .kick = blk_kick,
};

/* ---- Configuration [virtio §5.2.4] ---- */

static bool
is_capacity(uint64_t sectors)
{
    return sectors <= UINT64_MAX / SECTOR_SIZE;
}

static bool
is_segment(uint64_t bytes)
{
    return bytes >= SECTOR_SIZE;
}

static bool
is_count(uint64_t n)
{
    return n > 0;
}

static bool
is_block(uint64_t bytes)
{
    return bytes >= SECTOR_SIZE && bit_is_power_of_two64(bytes);
}

#define FIELD(field)                                   \
#field, offsetof(struct virtio_blk_config, field), \
        sizeof(((struct virtio_blk_config *)0)->field)

static const struct field {
    const char *name;
    unsigned offset, width;
    uint64_t feature; /* that it needs [virtio §2.5.1]; 0: none */
    uint64_t absent;  /* what it is without */
    bool (*makes_sense)(uint64_t value);
} fields[] = {
    {FIELD(capacity), 0, 0, is_capacity},
    {FIELD(size_max), VIRTIO_BLK_F_SIZE_MAX, UINT32_MAX, is_segment},
    {FIELD(seg_max), VIRTIO_BLK_F_SEG_MAX, UINT32_MAX, is_count},
    {FIELD(blk_size), VIRTIO_BLK_F_BLK_SIZE, SECTOR_SIZE, is_block},
    {FIELD(num_queues), VIRTIO_BLK_F_MQ, 1, is_count},
};

/* Numbers are little-endian on both sides [virtio §1.4]: the lower bytes of
 * *value are the field. */
static int
read_field(const struct virtio_device *dev, const struct field *field,
           uint64_t *value)
{
    struct virtio_transport *t = dev->transport;
    *value = field->absent;
    if (field->feature != 0 && !virtio_has(dev, field->feature))
        return 0;
    *value = 0;
    int err = t->ops->config_read(t, field->offset, field->width, value);
    if (err != 0) {
        pr_err("%s: %s cannot be read", t->name, field->name);
        return err;
    }
    if (field->makes_sense(*value))
        return 0;
    pr_err("%s: %s %lu makes no sense", t->name, field->name,
           (unsigned long)*value);
    return -EIO;
}

/* Fills *config in; what the device does not say is as if it had no limits. */
static int
read_config(const struct virtio_device *dev, struct virtio_blk_config *config)
{
    memset(config, 0, sizeof(*config));
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        uint64_t value;
        int err = read_field(dev, &fields[i], &value);
        if (err != 0)
            return err;
        memcpy((char *)config + fields[i].offset, &value, fields[i].width);
    }
    return 0;
}

/* Whether requests that were made for one may be sent to the other. */
static bool
is_same_disk(const struct virtio_blk_config *a,
             const struct virtio_blk_config *b)
{
    struct virtio_blk_config copy = *a;
    copy.capacity = b->capacity;
    return memcmp(&copy, b, sizeof(copy)) == 0;
}

int
blk_refresh(struct blk *blk)
{
    struct virtio_blk_config config;
    int err = read_config(blk->dev, &config);
    if (err != 0)
        return err;
    if (!is_same_disk(&config, &blk->config)) {
        pr_err("%s: is another disk now", blk->disk.name);
        return -EIO;
    }
    WRITE_ONCE(blk->disk.sectors, config.capacity);
    return 0;
}

static bool
is_dead(struct blk *blk)
{
    spin_guard(&blk->lock);
    return blk->dead;
}

/* One interrupt tells of a reset that is wanted and of another capacity
 * [virtio §2.1, §5.2.5]; after a reset all has been read again. What makes no
 * sense is not believed, and the disk stays as it was. */
static void
blk_config_changed(struct virtio_device *dev)
{
    struct blk *blk = dev->driver_data;
    if (!blk_recover(blk) && !is_dead(blk))
        (void)blk_refresh(blk);
}

/* ---- Bringing a disk up ---- */

/* A request of v vectors and b bytes is cut at most (b - 1) / segment_bytes
 * times: into v pieces and one for each cut. Half of the pieces are left to
 * vectors, the other half to cuts. */
static void
set_limits(struct blk *blk, unsigned segments)
{
    uint64_t segment = ALIGN_DOWN(blk->config.size_max, SECTOR_SIZE);
    uint64_t most = REQUEST_BYTES_MAX;
    segment = MIN(segment, most);
    bool may_cut = segment < most;
    unsigned cuts = may_cut ? segments / 2 : 0;
    if (may_cut)
        most = MIN(most, (cuts + 1) * segment);
    blk->segment_bytes = (uint32_t)segment;
    blk->disk.max_vec = segments - cuts;
    blk->disk.max_bytes = most;
}

/* As many as the device has and harts can use. */
static unsigned
count_queues(const struct blk *blk)
{
    unsigned useful = MIN(cpu_count(), (unsigned)VIRTIO_QUEUES_MAX);
    return MIN(useful, (unsigned)blk->config.num_queues);
}

/* Makes one more queue; *segments is then no more than it takes. */
static int
add_queue(struct blk *blk, unsigned *segments)
{
    unsigned index = blk->nqueues++; /* also of one that is made in part */
    int err = blk_queue_init(blk, index, *segments);
    if (err != 0)
        return err;
    unsigned most = blk->queues[index].vq.chain_max;
    if (most < 1 + BLK_EXTRA_BUFS) {
        pr_err("%s: a queue takes chains of %u only", blk->disk.name, most);
        return -EIO;
    }
    *segments = MIN(*segments, most - BLK_EXTRA_BUFS);
    return 0;
}

static int
make_queues(struct blk *blk)
{
    unsigned count = count_queues(blk);
    unsigned segments = MIN(blk->config.seg_max, (uint32_t)BLK_SEGMENTS_MAX);
    blk->queues = kzalloc(count * sizeof(*blk->queues));
    if (!blk->queues)
        return -ENOMEM;
    while (blk->nqueues < count) {
        int err = add_queue(blk, &segments);
        if (err != 0)
            return err;
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

#define LETTERS 26u

/* Writes the letters of index from the last to the first, and returns how many
 * there are; NULL: only counts. Behind z comes aa: there is no zero among
 * these digits. */
static unsigned
spell(unsigned index, char *last)
{
    unsigned count = 0;
    for (unsigned rest = index + 1; rest > 0; rest = (rest - 1) / LETTERS) {
        if (last)
            *last-- = (char)('a' + (rest - 1) % LETTERS);
        count++;
    }
    return count;
}

void
blk_format_name(unsigned index, char *name, size_t size)
{
    char text[] = "vd\0\0\0\0\0\0\0"; /* 26^7 is more than there can be */
    spell(index, &text[1 + spell(index, NULL)]);
    strlcpy(name, text, size);
}

static char
printable(uint8_t byte)
{
    return byte > ' ' && byte < 0x7f ? (char)byte : '?';
}

/* Fetches the serial number, which is not always terminated. The device writes
 * it: never to a stack. */
static void
read_serial(struct blk *blk)
{
    struct blockdev *disk = &blk->disk;
    FREED uint8_t *id = kzalloc(VIRTIO_BLK_ID_BYTES);
    _Static_assert(sizeof(disk->serial) > VIRTIO_BLK_ID_BYTES, "is terminated");
    if (!id ||
        blockdev_transfer(disk, BLK_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES) != 0)
        return;
    for (unsigned i = 0; i < VIRTIO_BLK_ID_BYTES && id[i] != 0; i++)
        disk->serial[i] = printable(id[i]);
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
