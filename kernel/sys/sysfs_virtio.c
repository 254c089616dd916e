#include "sys/sysfs_virtio.h"

#include "abi/errno.h"
#include "fs/sysfs.h"
#include "lib/fmt.h"
#include "virtio/driver.h"

/* The argument of every file here: the device's index. */
static int
get_info(void *arg, struct virtio_info *info)
{
    return virtio_device_info((unsigned)(uintptr_t)arg, info);
}

static int
show_device(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "0x%04x\n", info.device_id);
    return err;
}

static int
show_vendor(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "0x%04x\n", info.vendor_id);
    return err;
}

static int
show_kind(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%s\n", info.kind);
    return err;
}

static void
put_bits(struct text_buf *out, uint64_t bits)
{
    for (unsigned i = 0; i < 64; i++)
        text_printf(out, "%d", (int)(bits >> i & 1));
    text_printf(out, "\n");
}

/* One digit a bit, bit 0 first, as Linux shows them. */
static int
show_features(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        put_bits(out, info.features);
    return err;
}

static int
show_features_offered(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        put_bits(out, info.features_offered);
    return err;
}

static int
show_status(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "0x%08x\n", info.status);
    return err;
}

static int
show_driver_name(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%s\n", info.driver ? info.driver : "");
    return err;
}

static int
show_transport(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%s%s\n", info.bus, info.legacy ? "-legacy" : "");
    return err;
}

/* The interrupt's number and how often it came. */
static int
show_irq(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);
    if (!err)
        text_printf(out, "%u %lu\n", info.irq, (unsigned long)info.interrupts);
    return err;
}

/* A line for each queue: size, buffers in flight, chains added so far,
 * notifications sent, and whether it is broken. */
static int
show_queues(struct text_buf *out, void *arg)
{
    struct virtio_info info;
    int err = get_info(arg, &info);

    for (unsigned i = 0; !err && i < info.nqueues; i++) {
        struct virtio_queue_info queue;
        err = virtio_queue_info((unsigned)(uintptr_t)arg, i, &queue);
        if (!err)
            text_printf(
                out,
                "%u: size %u, %u in flight, %lu added, %lu "
                "notified%s\n",
                i, queue.size, queue.in_flight, (unsigned long)queue.added,
                (unsigned long)queue.notified, queue.broken ? ", broken" : "");
    }
    return err;
}

static int
add_device(unsigned index)
{
    static const struct {
        const char *name;
        int (*show)(struct text_buf *out, void *arg);
    } files[] = {
        {"device", show_device},
        {"vendor", show_vendor},
        {"kind", show_kind},
        {"features", show_features},
        {"features_offered", show_features_offered},
        {"status", show_status},
        {"driver_name", show_driver_name},
        {"transport", show_transport},
        {"irq", show_irq},
        {"queues", show_queues},
    };
    char path[48];
    snprintf(path, sizeof(path), "bus/virtio/devices/virtio%u", index);
    struct pseudo_node *dir = sysfs_dir(path);
    if (!dir)
        return -ENOMEM;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int err = pseudo_add_file(dir, files[i].name, files[i].show,
                                  (void *)(uintptr_t)index);
        if (err)
            return err;
    }
    return 0;
}

int
sysfs_virtio_init(void)
{
    int err = 0;

    for (unsigned i = 0; i < virtio_device_count() && !err; i++)
        err = add_device(i);
    return err;
}
