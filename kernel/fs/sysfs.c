#include "fs/sysfs.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/stat.h"
#include "dev/blockdev.h"
#include "dev/platform.h"
#include "fs/devfs.h"
#include "lib/string.h"

#define SYSFS_MAGIC 0x62656572

static struct pseudo_fs *sysfs; /* constant after sysfs_init */

/* ---- /sys/block/NAME ---- */

static int
show_size(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%lu\n", (unsigned long)dev->sectors);
    return 0;
}

static int
show_read_only(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%d\n", dev->read_only);
    return 0;
}

static int
show_dev(struct text_buf *out, void *arg)
{
    uint64_t rdev = devfs_block_rdev(arg);
    text_printf(out, "%u:%u\n", (unsigned)MAJOR(rdev), (unsigned)MINOR(rdev));
    return 0;
}

static int
show_serial(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%s\n", dev->serial);
    return 0;
}

/* The columns of Linux's file: requests, merged, sectors, milliseconds for
 * reads and for writes; in flight, busy and queued time; then for discards
 * (without the last) and flushes. What is not counted is 0. */
static int
show_stat(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%lu 0 %lu 0 %lu 0 %lu 0 0 0 0 0 0 0 0 %lu 0\n",
                (unsigned long)READ_ONCE(dev->reads),
                (unsigned long)READ_ONCE(dev->sectors_read),
                (unsigned long)READ_ONCE(dev->writes),
                (unsigned long)READ_ONCE(dev->sectors_written),
                (unsigned long)READ_ONCE(dev->flushes));
    return 0;
}

static int
show_logical_block_size(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%u\n", MAX(dev->block_size, SECTOR_SIZE));
    return 0;
}

static int
show_max_segments(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%u\n", dev->max_vec);
    return 0;
}

static int
show_max_kib(struct text_buf *out, void *arg)
{
    const struct blockdev *dev = arg;
    text_printf(out, "%lu\n", (unsigned long)dev->max_bytes / 1024);
    return 0;
}

struct attribute {
    const char *name;
    int (*show)(struct text_buf *out, void *arg);
};

static int
add_attributes(struct pseudo_node *dir, const struct attribute *attribute,
               size_t n, void *arg)
{
    for (size_t i = 0; i < n; i++) {
        int err =
            pseudo_add_file(dir, attribute[i].name, attribute[i].show, arg);
        if (err)
            return err;
    }
    return 0;
}

static int
add_block(struct pseudo_node *block, struct blockdev *dev)
{
    static const struct attribute own[] = {
        {"size", show_size},     {"ro", show_read_only}, {"dev", show_dev},
        {"serial", show_serial}, {"stat", show_stat},
    };
    static const struct attribute queue[] = {
        {"logical_block_size", show_logical_block_size},
        {"max_segments", show_max_segments},
        {"max_sectors_kb", show_max_kib},
    };
    struct pseudo_node *dir, *queue_dir;

    int err = pseudo_add_dir(block, dev->name, &dir);
    if (!err)
        err = add_attributes(dir, own, ARRAY_LEN(own), dev);
    if (!err)
        err = pseudo_add_dir(dir, "queue", &queue_dir);
    if (!err)
        err = add_attributes(queue_dir, queue, ARRAY_LEN(queue), dev);
    return err;
}

/* ---- /sys/firmware/fdt ---- */

static int
show_fdt(struct text_buf *out, void *arg UNUSED)
{
    const struct fdt *tree = &platform_get()->tree;
    text_put(out, (const char *)tree->blob, fdt_size(tree));
    return 0;
}

/* ---- The tree ---- */

struct pseudo_node *
sysfs_dir(const char *path)
{
    if (!sysfs)
        return NULL;
    struct pseudo_node *dir = pseudo_root(sysfs);

    while (*path) {
        char name[NAME_MAX + 1];
        const char *slash = strchr(path, '/');
        size_t len = slash ? (size_t)(slash - path) : strlen(path);
        strlcpy(name, path, MIN(len + 1, sizeof(name)));
        if (pseudo_add_dir(dir, name, &dir) == -ENOMEM)
            return NULL;
        path += slash ? len + 1 : len;
    }
    return dir;
}

static int
add_blocks(void)
{
    struct pseudo_node *block = sysfs_dir("block");
    int err = block ? 0 : -ENOMEM;

    for (struct blockdev *dev = blockdev_next(NULL); dev && !err;
         dev = blockdev_next(dev))
        err = add_block(block, dev);
    return err;
}

int
sysfs_init(void)
{
    sysfs = pseudo_create("sysfs", SYSFS_MAGIC, NULL);
    struct pseudo_node *firmware = sysfs_dir("firmware");
    if (!firmware)
        return -ENOMEM;
    int err = add_blocks();
    if (!err)
        err = pseudo_add_file(firmware, "fdt", show_fdt, NULL);
    return err;
}

struct super *
sysfs_super(void)
{
    return pseudo_super(sysfs);
}
