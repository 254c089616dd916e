#include "sys/sysfs.h"
#include "abi/stat.h"
#include "dev/blockdev.h"
#include "dev/platform.h"
#include "fs/devfs.h"
#include "lib/string.h"
#include "sys/sysfs_tree.h"
#include "virtio/driver.h"

/* The rows of the tree: directories, the files of a disk, those of a virtio
 * device. */
enum { ROOT, BLOCK, DISK, QUEUE, FIRMWARE, BUS, VIRTIO, DEVICES, DEVICE };
enum { SIZE = DEVICE + 1, READ_ONLY, NUMBER, SERIAL, COUNTS, LOGICAL_SIZE };
enum { ID = LOGICAL_SIZE + 1, VENDOR, KIND, FEATURES, OFFERED, STATUS };
enum {
    DRIVER = STATUS + 1,
    TRANSPORT,
    IRQ,
    QUEUES,
    FDT,
    TREE,
    NODE,
    PROP,
    END
};

/* /sys/block/NAME; the id is devfs_disks'. */
static int
show_disk(struct text *out)
{
    const struct blockdev *dev = devfs_block_find(out->id);
    uint64_t rdev = devfs_block_rdev(dev);
    switch (out->row) {
    case SIZE:
        return text_printf(out, "%lu\n", dev->sectors);
    case READ_ONLY:
        return text_printf(out, "%d\n", dev->read_only);
    case NUMBER:
        return text_printf(out, "%lu:%lu\n", MAJOR(rdev), MINOR(rdev));
    case SERIAL:
        return text_printf(out, "%s\n", dev->serial);
    case COUNTS:
        /* The columns of Linux's file: requests, merged, sectors, milliseconds
         * for reads and for writes; in flight, busy and queued time; then for
         * discards (without the last) and flushes. What is not counted is 0. */
        return text_printf(out, "%lu 0 %lu 0 %lu 0 %lu 0 0 0 0 0 0 0 0 %lu 0\n",
                           READ_ONCE(dev->reads), READ_ONCE(dev->sectors_read),
                           READ_ONCE(dev->writes),
                           READ_ONCE(dev->sectors_written),
                           READ_ONCE(dev->flushes));
    default: /* LOGICAL_SIZE */
        return text_printf(out, "%u\n", MAX(dev->block_size, SECTOR_SIZE));
    }
}

static int
show_fdt(struct text *out)
{
    const struct fdt *tree = &platform_get()->tree;
    return text_put(out, tree->blob, tree->total_size);
}

/* ---- /sys/bus/virtio/devices/virtioN; the id is N + 1 ---- */

static uint64_t
next_virtio(uint64_t dir UNUSED, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    const struct virtio_device *dev = virtio_device_get((unsigned)after);
    if (dev == NULL)
        return 0;
    strlcpy(name, dev->transport->name, PSEUDO_NAME_MAX);
    return after + 1;
}

static const struct pseudo_kind virtio_devices = {.next = next_virtio};

/* One digit a bit, bit 0 first, as Linux shows them. */
static int
put_bits(struct text *out, uint64_t bits)
{
    for (unsigned i = 0; i < 64; i++)
        text_printf(out, "%d", (int)(bits >> i & 1));
    return text_printf(out, "\n");
}

/* The interrupt's number and how often it came. */
static int
put_irq(struct text *out, unsigned irq)
{
    const struct irq_handler *handler = irq_handler(irq);
    uint64_t count = 0;
    for (unsigned cpu = 0; handler && cpu < cpu_count(); cpu++)
        count += READ_ONCE(handler->counts[cpu]);
    return text_printf(out, "%u %lu\n", irq, count);
}

/* A line for each queue: its descriptors, and how many the device has, in how
 * many requests; how many there were so far, notifications for them, batches in
 * which they came back; and whether it is broken. */
static int
put_queues(struct text *out, const struct virtio_device *dev)
{
    for (unsigned i = 0; i < dev->nqueues; i++) {
        const struct virtq *vq = dev->queues[i];
        text_printf(out, "%u: size %u, %u used by %u of ", i, vq->size,
                    vq->size - READ_ONCE(vq->free_count),
                    READ_ONCE(vq->in_flight));
        text_printf(out, "%lu requests, %lu notified, %lu batches%s\n",
                    READ_ONCE(vq->added), READ_ONCE(vq->notified),
                    READ_ONCE(vq->batches),
                    READ_ONCE(vq->broken) ? ", broken" : "");
    }
    return 0;
}

static int
show_device(struct text *out)
{
    /* Devices stay for ever, so one that has an id is there. */
    const struct virtio_device *dev = virtio_device_get((unsigned)out->id - 1);
    struct virtio_transport *t = dev->transport;
    switch (out->row) {
    case ID:
        return text_printf(out, "0x%04x\n", t->device_id);
    case VENDOR:
        return text_printf(out, "0x%04x\n", t->vendor_id);
    case KIND:
        return text_printf(out, "%s\n", virtio_kind(t->device_id));
    case FEATURES:
        return put_bits(out, dev->features);
    case OFFERED:
        return put_bits(out, dev->features_offered);
    case STATUS:
        return text_printf(out, "0x%08x\n", t->ops->get_status(t));
    case DRIVER:
        return text_printf(out, "%s\n", dev->driver ? dev->driver->name : "");
    case TRANSPORT:
        return text_printf(out, "%s%s\n", t->bus, t->legacy ? "-legacy" : "");
    case IRQ:
        return put_irq(out, t->irq);
    default: /* QUEUES */
        return put_queues(out, dev);
    }
}

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
    [SIZE] = {DISK, FILE, "size", .show = show_disk},
    [READ_ONLY] = {DISK, FILE, "ro", .show = show_disk},
    [NUMBER] = {DISK, FILE, "dev", .show = show_disk},
    [SERIAL] = {DISK, FILE, "serial", .show = show_disk},
    [COUNTS] = {DISK, FILE, "stat", .show = show_disk},
    [LOGICAL_SIZE] = {QUEUE, FILE, "logical_block_size", .show = show_disk},
    [ID] = {DEVICE, FILE, "device", .show = show_device},
    [VENDOR] = {DEVICE, FILE, "vendor", .show = show_device},
    [KIND] = {DEVICE, FILE, "kind", .show = show_device},
    [FEATURES] = {DEVICE, FILE, "features", .show = show_device},
    [OFFERED] = {DEVICE, FILE, "features_offered", .show = show_device},
    [STATUS] = {DEVICE, FILE, "status", .show = show_device},
    [DRIVER] = {DEVICE, FILE, "driver_name", .show = show_device},
    [TRANSPORT] = {DEVICE, FILE, "transport", .show = show_device},
    [IRQ] = {DEVICE, FILE, "irq", .show = show_device},
    [QUEUES] = {DEVICE, FILE, "queues", .show = show_device},
    [FDT] = {FIRMWARE, FILE, "fdt", .show = show_fdt},
    [TREE] = {FIRMWARE, DIR, "devicetree", .kind = NULL},
    [NODE] = {TREE, DIR, "NODE", .kind = &sysfs_nodes, .also = NODE},
    [PROP] = {NODE, FILE, "PROP", .kind = &sysfs_props,
              .show = sysfs_show_prop},
    [END] = {.name = NULL},
};

struct super sysfs = PSEUDO_SUPER("sysfs", 0x62656572, rows);
