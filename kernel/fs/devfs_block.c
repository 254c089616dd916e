#include "fs/devfs.h"

#include "abi/errno.h"
#include "dev/blockdev.h"
#include "fs/bcache.h"

/* Requests that tools for disks make, as Linux numbers them. */
#define BLKROGET     0x125e     /* int: is it read-only? */
#define BLKGETSIZE   0x1260     /* unsigned long: sectors of 512 bytes */
#define BLKSSZGET    0x1268     /* int: bytes of a logical block */
#define BLKGETSIZE64 0x80081272 /* uint64_t: bytes */

static struct blockdev *
blockdev_of(const struct file *file)
{
    return pseudo_content_of(file->inode)->arg;
}

static uint64_t
block_size_bytes(struct file *file)
{
    return blockdev_of(file)->sectors * SECTOR_SIZE;
}

/* Disks are read here and written by their file systems only. */
static int
block_open(struct file *file)
{
    return file_is_writable(file) ? -EACCES : 0;
}

static int64_t
block_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct blockdev *dev = blockdev_of(file);
    uint64_t size = block_size_bytes(file);
    int64_t done = 0;

    while (uio->residual > 0 && *offset < size) {
        struct buf *buf;
        int err = bcache_get(dev, *offset / BLOCK_SIZE, &buf);
        if (err)
            return done ? done : err;
        size_t skip = *offset % BLOCK_SIZE;
        uint64_t len = MIN(size - *offset, (uint64_t)(BLOCK_SIZE - skip));
        int64_t moved = uio_fill(uio, bcache_data(buf) + skip, len);
        bcache_put(buf);
        if (moved < 0)
            return done ? done : moved;
        done += moved;
        *offset += (uint64_t)moved;
    }
    return done;
}

static int64_t
block_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    const struct blockdev *dev = blockdev_of(file);
    uint64_t size = block_size_bytes(file);
    int number;

    switch (command) {
    case BLKGETSIZE64:
        return uaccess_write(uaddr(arg), &size, sizeof(size));
    case BLKGETSIZE:
        size = dev->sectors;
        return uaccess_write(uaddr(arg), &size, sizeof(size));
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
    .get_size = block_size_bytes,
};
