#include "fs/devfs.h"
#include "abi/stat.h"
#include "fs/bcache.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/signal.h"

/* Device numbers, as Linux gives them. */
#define MAJOR_VIRTBLK  254
#define MINORS_OF_DISK 16 /* the disk itself and 15 partitions */

#define CHUNK_ORDER 5 /* 128 KiB of a disk are moved at a time */

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
    return READ_ONCE(dev->sectors) * SECTOR_SIZE;
}

/* Disks are written to by their file systems; or here, by who mends one while
 * no file system writes to it. */
static int
begin_writing(struct blockdev *dev)
{
    sleeplock_guard(&mount_lock);
    if (dev->read_only)
        return -EROFS;
    for (struct super *s = mount_next(NULL); s; s = mount_next(s)) {
        if (s->bdev != dev)
            continue;
        if (!READ_ONCE(s->read_only))
            return -EBUSY;
        s->is_stale = true;
    }
    __atomic_fetch_add(&dev->writers, 1, __ATOMIC_RELAXED);
    return 0;
}

static int
block_open(struct file *file)
{
    file->private = devfs_block_by_rdev(file->inode->rdev);
    if (!file->private)
        return -ENXIO;
    if (!file_allows(file, FILE_WRITE))
        return 0;
    return cred_is_root(cred_current()) ? begin_writing(file->private)
                                        : -EACCES;
}

/* Whoever reads the disk next is to see what was written. */
static void
block_release(struct file *file)
{
    struct blockdev *dev = file->private;
    if (!file_allows(file, FILE_WRITE))
        return;
    bcache_drop(dev);
    __atomic_fetch_sub(&dev->writers, 1, __ATOMIC_RELEASE);
}

static int64_t
read_cached(struct blockdev *dev, uint64_t size, uint64_t offset,
            struct uio *uio)
{
    size_t skip = offset % BLOCK_SIZE;
    uint64_t left = size - offset;
    struct buf *buf;
    int64_t n = bcache_get(dev, offset / BLOCK_SIZE, &buf);
    if (n == 0) {
        uint64_t room = BLOCK_SIZE - skip;
        n = uio_fill(uio, bcache_data(buf) + skip, MIN(left, room));
        bcache_put(buf);
    }
    return n;
}

/* What a file system that only reads has in the cache stays as it is. Moves up
 * to a chunk, as much as there is memory for; a disk is written in whole
 * sectors, so memory that ends within one ends the write before it. */
static int64_t
move_uncached(struct blockdev *dev, enum blk_op op, uint64_t size,
              uint64_t offset, struct uio *uio)
{
    size_t skip = offset % BLOCK_SIZE;
    uint64_t sector = (offset - skip) / SECTOR_SIZE;
    bool is_long = skip + uio->residual > BLOCK_SIZE &&
                   dev->max_bytes >= BLOCK_SIZE << CHUNK_ORDER;
    unsigned order = is_long ? CHUNK_ORDER : 0;
    uint8_t *chunk = frame_alloc(order);
    if (!chunk && order > 0)
        chunk = frame_alloc(order = 0);
    if (!chunk)
        return -ENOMEM;

    size_t len = MIN(ALIGN_UP(skip + uio->residual, BLOCK_SIZE),
                     (size_t)BLOCK_SIZE << order);
    len = MIN(len, size - (offset - skip));
    bool is_whole = op == BLK_WRITE && skip == 0 && uio->residual >= len;
    int64_t n =
        is_whole ? 0 : blockdev_transfer(dev, BLK_READ, sector, chunk, len);
    if (n == 0)
        n = op == BLK_READ ? uio_fill(uio, chunk + skip, len - skip)
                           : uio_drain(uio, chunk + skip, len - skip);
    if (n > 0 && is_whole) {
        len = (size_t)n / SECTOR_SIZE * SECTOR_SIZE;
        n = len > 0 ? (int64_t)len : -EFAULT;
    }
    int err = n > 0 && op == BLK_WRITE
                  ? blockdev_transfer(dev, BLK_WRITE, sector, chunk, len)
                  : 0;
    /* A disk that does not reset keeps what it may still write to, and of a
     * chunk, which is one request, it keeps the first frame, too. */
    if (frame_refs(chunk) == 1)
        frame_free(chunk, order);
    return err ? err : n;
}

/* Who may write sees what is on the disk, as does who asks for it. */
static bool
is_direct(const struct file *file)
{
    return file_allows(file, FILE_WRITE) ||
           (READ_ONCE(file->flags) & O_DIRECT) != 0;
}

static int64_t
block_move(struct file *file, enum blk_op op, struct uio *uio, uint64_t *offset)
{
    int64_t done = 0;
    uint64_t size; /* may change meanwhile: looked at once for each move */
    while (uio->residual > 0 && *offset < (size = size_of(file))) {
        int64_t n = is_direct(file)
                        ? move_uncached(file->private, op, size, *offset, uio)
                        : read_cached(file->private, size, *offset, uio);
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
block_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    return block_move(file, BLK_READ, uio, offset);
}

static int64_t
block_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    if (uio->residual > 0 && *offset >= size_of(file))
        return -ENOSPC;
    return block_move(file, BLK_WRITE, uio, offset);
}

static int
block_sync(struct file *file)
{
    return blockdev_transfer(file->private, BLK_FLUSH, 0, NULL, 0);
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
    .release = block_release,
    .read = block_read,
    .write = block_write,
    .sync = block_sync,
    .ioctl = block_ioctl,
    .get_size = size_of,
};
