#include "sys/sysfs.h"
#include "abi/errno.h"
#include "abi/stat.h"
#include "arch/cpu.h"
#include "dev/blockdev.h"
#include "dev/platform.h"
#include "fs/devfs.h"
#include "lib/string.h"
#include "virtio/driver.h"

/* ---- /sys/block/NAME; the id is devfs_disks' ---- */

static int
show_size(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "%lu\n", devfs_block_find(id)->sectors);
}

static int
show_read_only(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "%d\n", devfs_block_find(id)->read_only);
}

static int
show_dev(struct text_buf *out, uint64_t id)
{
    uint64_t rdev = devfs_block_rdev(devfs_block_find(id));
    return text_printf(out, "%lu:%lu\n", MAJOR(rdev), MINOR(rdev));
}

static int
show_serial(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "%s\n", devfs_block_find(id)->serial);
}

/* The columns of Linux's file: requests, merged, sectors, milliseconds for
 * reads and for writes; in flight, busy and queued time; then for discards
 * (without the last) and flushes. What is not counted is 0. */
static int
show_stat(struct text_buf *out, uint64_t id)
{
    const struct blockdev *dev = devfs_block_find(id);
    return text_printf(out, "%lu 0 %lu 0 %lu 0 %lu 0 0 0 0 0 0 0 0 %lu 0\n",
                       READ_ONCE(dev->reads), READ_ONCE(dev->sectors_read),
                       READ_ONCE(dev->writes), READ_ONCE(dev->sectors_written),
                       READ_ONCE(dev->flushes));
}

static int
show_logical_block_size(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "%u\n",
                       MAX(devfs_block_find(id)->block_size, SECTOR_SIZE));
}

/* ---- /sys/firmware/fdt ---- */

static int
show_fdt(struct text_buf *out, uint64_t id UNUSED)
{
    const struct fdt *tree = &platform_get()->tree;
    return text_put(out, tree->blob, tree->total_size);
}

/* ---- /sys/bus/virtio/devices/virtioN; the id is N + 1 ---- */

static uint64_t
next_virtio(uint64_t after, char name[PSEUDO_NAME_MAX])
{
    const struct virtio_device *dev = virtio_device_get((unsigned)after);
    if (dev == NULL)
        return 0;
    strlcpy(name, dev->transport->name, PSEUDO_NAME_MAX);
    return after + 1;
}

static const struct pseudo_kind virtio_devices = {.next = next_virtio};

/* Devices stay for ever, so one that has an id is there. */
static const struct virtio_device *
device_of(uint64_t id)
{
    return virtio_device_get((unsigned)id - 1);
}

static int
show_device(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "0x%04x\n", device_of(id)->transport->device_id);
}

static int
show_vendor(struct text_buf *out, uint64_t id)
{
    return text_printf(out, "0x%04x\n", device_of(id)->transport->vendor_id);
}

static int
show_kind(struct text_buf *out, uint64_t id)
{
    uint32_t device_id = device_of(id)->transport->device_id;
    return text_printf(out, "%s\n", virtio_kind(device_id));
}

/* One digit a bit, bit 0 first, as Linux shows them. */
static int
put_bits(struct text_buf *out, uint64_t bits)
{
    for (unsigned i = 0; i < 64; i++)
        text_printf(out, "%d", (int)(bits >> i & 1));
    return text_printf(out, "\n");
}

static int
show_features(struct text_buf *out, uint64_t id)
{
    return put_bits(out, device_of(id)->features);
}

static int
show_features_offered(struct text_buf *out, uint64_t id)
{
    return put_bits(out, device_of(id)->features_offered);
}

static int
show_status(struct text_buf *out, uint64_t id)
{
    struct virtio_transport *t = device_of(id)->transport;
    return text_printf(out, "0x%08x\n", t->ops->get_status(t));
}

static int
show_driver_name(struct text_buf *out, uint64_t id)
{
    const struct virtio_driver *driver = device_of(id)->driver;
    return text_printf(out, "%s\n", driver ? driver->name : "");
}

static int
show_transport(struct text_buf *out, uint64_t id)
{
    const struct virtio_transport *t = device_of(id)->transport;
    return text_printf(out, "%s%s\n", t->bus, t->legacy ? "-legacy" : "");
}

/* The interrupt's number and how often it came. */
static int
show_irq(struct text_buf *out, uint64_t id)
{
    unsigned irq = device_of(id)->transport->irq;
    uint64_t count = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
        count += irq_count(irq, cpu);
    return text_printf(out, "%u %lu\n", irq, count);
}

/* A line for each queue: size, buffers in flight, chains added so far,
 * notifications sent, and whether it is broken. */
static int
show_queues(struct text_buf *out, uint64_t id)
{
    const struct virtio_device *dev = device_of(id);
    for (unsigned i = 0; i < dev->nqueues; i++) {
        const struct virtq *vq = dev->queues[i];
        text_printf(
            out, "%u: size %u, %u in flight, %lu added, %lu notified%s\n", i,
            vq->size, READ_ONCE(vq->in_flight), READ_ONCE(vq->added),
            READ_ONCE(vq->notified), READ_ONCE(vq->broken) ? ", broken" : "");
    }
    return 0;
}

/* ---- The tree ---- */

enum { ROOT, BLOCK, DISK, QUEUE, FIRMWARE, BUS, VIRTIO, DEVICES, DEVICE };

#define DIR  (S_IFDIR | 0555)
#define FILE (S_IFREG | 0444)

static const struct pseudo_row rows[] = {
    [ROOT] = {ROOT, DIR, "", .kind = NULL},
    [BLOCK] = {ROOT, DIR, "block", .kind = NULL},
    [DISK] = {BLOCK, DIR, "DISK", .kind = &devfs_disks},
    [QUEUE] = {DISK, DIR, "queue", .kind = NULL},
    [FIRMWARE] = {ROOT, DIR, "firmware", .kind = NULL},
    [BUS] = {ROOT, DIR, "bus", .kind = NULL},
    [VIRTIO] = {BUS, DIR, "virtio", .kind = NULL},
    [DEVICES] = {VIRTIO, DIR, "devices", .kind = NULL},
    [DEVICE] = {DEVICES, DIR, "DEVICE", .kind = &virtio_devices},
    {DISK, FILE, "size", .show = show_size},
    {DISK, FILE, "ro", .show = show_read_only},
    {DISK, FILE, "dev", .show = show_dev},
    {DISK, FILE, "serial", .show = show_serial},
    {DISK, FILE, "stat", .show = show_stat},
    {QUEUE, FILE, "logical_block_size", .show = show_logical_block_size},
    {FIRMWARE, FILE, "fdt", .show = show_fdt},
    {DEVICE, FILE, "device", .show = show_device},
    {DEVICE, FILE, "vendor", .show = show_vendor},
    {DEVICE, FILE, "kind", .show = show_kind},
    {DEVICE, FILE, "features", .show = show_features},
    {DEVICE, FILE, "features_offered", .show = show_features_offered},
    {DEVICE, FILE, "status", .show = show_status},
    {DEVICE, FILE, "driver_name", .show = show_driver_name},
    {DEVICE, FILE, "transport", .show = show_transport},
    {DEVICE, FILE, "irq", .show = show_irq},
    {DEVICE, FILE, "queues", .show = show_queues},
    {.name = NULL},
};

struct super sysfs = PSEUDO_SUPER("sysfs", 0x62656572, rows);
