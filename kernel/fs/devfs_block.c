#include "fs/devfs.h"
#include "abi/stat.h"
#include "fs/bcache.h"
#include "lib/string.h"
#include "proc/signal.h"

/* Device numbers, as Linux gives them. */
#define MAJOR_VIRTBLK  254
#define MINORS_OF_DISK 16 /* the disk itself and 15 partitions */

/* Requests that tools for disks make, as Linux numbers them. */
#define BLKROGET     0x125e     /* int: is it read-only? */
#define BLKGETSIZE   0x1260     /* unsigned long: sectors of 512 bytes */
#define BLKSSZGET    0x1268     /* int: bytes of a logical block */
#define BLKGETSIZE64 0x80081272 /* uint64_t: bytes */

uint64_t
devfs_block_rdev(const struct blockdev *dev)
{
    /* Disks are called vda, vdb, ... vdz, vdaa, ...: the count-th one. */
    unsigned count = 0;
    for (const char *p = dev->name + 2; *p >= 'a' && *p <= 'z'; p++)
        count = count * 26 + (unsigned)(*p - 'a') + 1;
    return MAKEDEV(MAJOR_VIRTBLK, (count - 1) * MINORS_OF_DISK);
}

struct blockdev *
devfs_block_by_rdev(uint64_t rdev)
{
    struct blockdev *dev = blockdev_next(NULL);

    while (dev && devfs_block_rdev(dev) != rdev)
        dev = blockdev_next(dev);
    return dev;
}

struct blockdev *
devfs_block_find(uint64_t id)
{
    struct blockdev *dev = blockdev_next(NULL);
    while (dev && --id > 0)
        dev = blockdev_next(dev);
    return dev;
}

static uint64_t
next_disk(uint64_t dir UNUSED, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    const struct blockdev *dev = devfs_block_find(after + 1);
    if (!dev)
        return 0;
    strlcpy(name, dev->name, PSEUDO_NAME_MAX);
    return after + 1;
}

static uint64_t
disk_rdev(uint64_t id)
{
    return devfs_block_rdev(devfs_block_find(id));
}

const struct pseudo_kind devfs_disks = {
    .next = next_disk,
    .get_rdev = disk_rdev,
};

static uint64_t
size_of(struct file *file)
{
    const struct blockdev *dev = file->private;
    return dev->sectors * SECTOR_SIZE;
}

/* Disks are read here and written by their file systems only. */
static int
block_open(struct file *file)
{
    file->private = devfs_block_by_rdev(file->inode->rdev);
    if (!file->private)
        return -ENXIO;
    return file_allows(file, FILE_WRITE) ? -EACCES : 0;
}

static int64_t
block_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    uint64_t size = size_of(file);
    int64_t done = 0;
    while (uio->residual > 0 && *offset < size) {
        struct buf *buf;
        int64_t n = bcache_get(file->private, *offset / BLOCK_SIZE, &buf);
        if (n == 0) {
            size_t skip = *offset % BLOCK_SIZE;
            uint64_t len = MIN(size - *offset, (uint64_t)(BLOCK_SIZE - skip));
            n = uio_fill(uio, bcache_data(buf) + skip, len);
            bcache_put(buf);
        }
        if (n < 0)
            return done ? done : n;
        done += n;
        *offset += (uint64_t)n;
        if (signal_killed_meanwhile())
            break;
    }
    return done;
}

static int64_t
block_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    const struct blockdev *dev = file->private;
    uint64_t size = size_of(file);
    int number;
    switch (command) {
    case BLKGETSIZE64:
        return uaccess_write(uaddr(arg), &size, sizeof(size));
    case BLKGETSIZE:
        return uaccess_write(uaddr(arg), &dev->sectors, sizeof(dev->sectors));
    case BLKSSZGET:
        number = (int)MAX(dev->block_size, SECTOR_SIZE);
        break;
    case BLKROGET:
        number = dev->read_only;
        break;
    default:
        return -ENOTTY;
    }
    return uaccess_write(uaddr(arg), &number, sizeof(number));
}

const struct file_ops devfs_block_ops = {
    .open = block_open,
    .read = block_read,
    .ioctl = block_ioctl,
    .get_size = size_of,
};
