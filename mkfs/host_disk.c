#include "host_disk.h"

#include "fs/bcache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_VEC 64u

/* Moves one piece from or to byte pos; what lies past the end is read as
 * zeros. */
static int
move_piece(struct host_disk *disk, bool write, uint64_t pos, uint8_t *buf,
           size_t len)
{
    size_t inside = pos < disk->size ? MIN(len, disk->size - pos) : 0;

    if (!write)
        memset(buf + inside, 0, len - inside);
    if (disk->mem) {
        memcpy(write ? disk->mem + pos : buf, write ? buf : disk->mem + pos,
               inside);
        return 0;
    }
    while (inside > 0) {
        ssize_t n = write ? pwrite(disk->fd, buf, inside, (off_t)pos)
                          : pread(disk->fd, buf, inside, (off_t)pos);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        buf += n;
        pos += (uint64_t)n;
        inside -= (size_t)n;
    }
    return 0;
}

static void
submit(struct blockdev *dev, struct blkreq *req)
{
    struct host_disk *disk = container_of(dev, struct host_disk, dev);
    uint64_t pos = req->sector * SECTOR_SIZE;

    req->status = 0;
    if (req->op == BLK_FLUSH && disk->durable && fdatasync(disk->fd) != 0)
        req->status = -EIO;
    for (unsigned i = 0; i < req->nvec && !req->status; i++) {
        req->status = move_piece(disk, req->op == BLK_WRITE, pos,
                                 req->vec[i].base, req->vec[i].len);
        pos += req->vec[i].len;
    }
    req->done(req);
}

static void
kick(struct blockdev *dev UNUSED)
{
}

static const struct blockdev_ops ops = {.submit = submit, .kick = kick};

static void
init(struct host_disk *disk, const char *name, uint64_t size, bool writable)
{
    disk->size = size;
    disk->dev = (struct blockdev){
        .ops = &ops,
        .sectors = (size + SECTOR_SIZE - 1) / SECTOR_SIZE,
        .block_size = SECTOR_SIZE,
        .max_vec = MAX_VEC,
        .max_bytes = MAX_VEC * BLOCK_SIZE,
        .read_only = !writable,
        .can_flush = writable,
    };
    snprintf(disk->dev.name, sizeof disk->dev.name, "%.15s", name);
}

static int
open_file(struct host_disk *disk, const char *path, bool writable)
{
    const char *slash = strrchr(path, '/');
    int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;

    *disk = (struct host_disk){.fd = open(path, flags)};
    if (disk->fd < 0)
        return -errno;
    /* A seek finds the size of a block device too, but "succeeds" on
     * directories, which a read then refuses. */
    off_t size = lseek(disk->fd, 0, SEEK_END);
    char byte;
    if (size < 0 || pread(disk->fd, &byte, 1, 0) < 0) {
        int err = -errno;
        close(disk->fd);
        return err;
    }
    init(disk, slash ? slash + 1 : path, (uint64_t)size, writable);
    return 0;
}

int
host_disk_open(struct host_disk *disk, const char *path)
{
    return open_file(disk, path, false);
}

/* Locks the whole file, until it is closed. QEMU locks a byte of the images it
 * uses, so nobody changes a disk beneath a running kernel. */
static int
lock_file(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool taken = fcntl(fd, F_OFD_SETLK, &lock) < 0 &&
                 (errno == EAGAIN || errno == EACCES);

    return taken ? -EBUSY : 0;
}

int
host_disk_open_rw(struct host_disk *disk, const char *path, bool durable)
{
    int err = open_file(disk, path, true);

    if (err)
        return err;
    disk->durable = durable;
    err = lock_file(disk->fd);
    if (err)
        close(disk->fd);
    return err;
}

void
host_disk_wrap(struct host_disk *disk, const void *mem, size_t size)
{
    host_disk_wrap_rw(disk, (void *)mem, size);
    disk->dev.read_only = true;
}

void
host_disk_wrap_rw(struct host_disk *disk, void *mem, size_t size)
{
    *disk = (struct host_disk){.fd = -1, .mem = mem};
    init(disk, "memory", size, true);
}

void
host_disk_close(struct host_disk *disk)
{
    bcache_drop(&disk->dev);
    if (disk->fd >= 0)
        close(disk->fd);
}
