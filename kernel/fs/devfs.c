#include "fs/devfs.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "arch/layout.h"
#include "dev/blockdev.h"
#include "dev/console.h"
#include "dev/random.h"
#include "mm/slab.h"

/* Device numbers, as Linux gives them. */
#define MAJOR_MEM      1
#define MAJOR_TTY_AUX  5
#define MAJOR_VIRTBLK  254
#define MINORS_OF_DISK 16 /* the disk itself and 15 partitions */

#define DEVFS_MAGIC 0x1373

static struct pseudo_fs *devfs; /* constant after devfs_init */

/* ---- Devices of no hardware ---- */

static int64_t
null_read(struct file *file UNUSED, struct uio *uio UNUSED,
          uint64_t *offset UNUSED)
{
    return 0;
}

static int64_t
null_write(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    return (int64_t)uio->residual;
}

static int64_t
zero_read(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    return uio_fill_zero(uio, uio->residual);
}

static int64_t
full_write(struct file *file UNUSED, struct uio *uio UNUSED,
           uint64_t *offset UNUSED)
{
    return -ENOSPC;
}

static int64_t
random_read(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    char bytes[256];
    int64_t done = 0;

    while (uio->residual > 0) {
        size_t n = MIN(sizeof(bytes), uio->residual);
        random_fill(bytes, n);
        int64_t moved = uio_fill(uio, bytes, n);
        if (moved < 0)
            return done ? done : moved;
        done += moved;
        if ((size_t)moved < n)
            break;
    }
    return done;
}

/* What users write is stirred in: it can make nothing easier to guess. */
static int64_t
random_write(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    char bytes[256];
    int64_t done = 0;

    while (uio->residual > 0) {
        int64_t moved = uio_drain(uio, bytes, sizeof(bytes));
        if (moved < 0)
            return done ? done : moved;
        random_add(bytes, (size_t)moved);
        done += moved;
    }
    return done;
}

static uint64_t
no_size(struct file *file UNUSED)
{
    return 0;
}

static const struct file_ops null_ops = {
    .read = null_read, .write = null_write, .get_size = no_size};
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .get_size = no_size};
static const struct file_ops full_ops = {
    .read = zero_read, .write = full_write, .get_size = no_size};
static const struct file_ops random_ops = {
    .read = random_read, .write = random_write, .get_size = no_size};

/* ---- The tree ---- */

int
devfs_register_char(const char *name, uint64_t rdev, uint32_t mode,
                    const struct file_ops *ops, void *private)
{
    struct pseudo_content content = {
        .mode = S_IFCHR | mode,
        .arg = private,
        .file_ops = ops,
        .rdev = rdev,
    };
    return devfs ? pseudo_add(pseudo_root(devfs), name, &content) : -ENXIO;
}

/* Disks are called vda, vdb, ... vdz, vdaa, ...: how many come before name. */
static unsigned
disk_index(const char *name)
{
    unsigned index = 0;

    for (const char *p = name + 2; *p >= 'a' && *p <= 'z'; p++)
        index = index * 26 + (unsigned)(*p - 'a') + 1;
    return index ? index - 1 : 0;
}

uint64_t
devfs_block_rdev(const struct blockdev *dev)
{
    return MAKEDEV(MAJOR_VIRTBLK, disk_index(dev->name) * MINORS_OF_DISK);
}

int
devfs_register_block(struct blockdev *dev)
{
    struct pseudo_content content = {
        .mode = S_IFBLK | 0660,
        .arg = dev,
        .file_ops = &devfs_block_ops,
        .rdev = devfs_block_rdev(dev),
    };
    return devfs ? pseudo_add(pseudo_root(devfs), dev->name, &content) : -ENXIO;
}

static int
add_standard(void)
{
    const struct {
        const char *name;
        uint64_t rdev;
        uint32_t mode;
        const struct file_ops *ops;
        void *private;
    } devices[] = {
        {"null", MAKEDEV(MAJOR_MEM, 3), 0666, &null_ops, NULL},
        {"zero", MAKEDEV(MAJOR_MEM, 5), 0666, &zero_ops, NULL},
        {"full", MAKEDEV(MAJOR_MEM, 7), 0666, &full_ops, NULL},
        {"random", MAKEDEV(MAJOR_MEM, 8), 0666, &random_ops, NULL},
        {"urandom", MAKEDEV(MAJOR_MEM, 9), 0666, &random_ops, NULL},
        {"tty", MAKEDEV(MAJOR_TTY_AUX, 0), 0666, &devfs_tty_ops, console_tty()},
        {"console", MAKEDEV(MAJOR_TTY_AUX, 1), 0600, &devfs_tty_ops,
         console_tty()},
    };

    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        int err = devfs_register_char(devices[i].name, devices[i].rdev,
                                      devices[i].mode, devices[i].ops,
                                      devices[i].private);
        if (err)
            return err;
    }
    return 0;
}

int
devfs_init(void)
{
    devfs = pseudo_create("devtmpfs", DEVFS_MAGIC, NULL);
    if (!devfs)
        return -ENOMEM;
    int err = add_standard();
    for (struct blockdev *dev = blockdev_next(NULL); dev && !err;
         dev = blockdev_next(dev))
        err = devfs_register_block(dev);
    return err;
}

struct super *
devfs_super(void)
{
    return pseudo_super(devfs);
}
