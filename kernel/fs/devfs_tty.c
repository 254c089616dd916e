#include "fs/devfs.h"

#include "abi/errno.h"
#include "dev/tty.h"

static struct tty *
tty_of(const struct file *file)
{
    return pseudo_content_of(file->inode)->arg;
}

static bool
is_nonblocking(const struct file *file)
{
    return READ_ONCE(file->flags) & O_NONBLOCK;
}

static int
tty_open(struct file *file)
{
    return tty_of(file) ? 0 : -ENXIO;
}

static int64_t
tty_file_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_read(tty_of(file), uio, is_nonblocking(file));
}

static int64_t
tty_file_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_write(tty_of(file), uio, is_nonblocking(file));
}

static int64_t
tty_file_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    return tty_ioctl(tty_of(file), command, uaddr(arg));
}

const struct file_ops devfs_tty_ops = {
    .open = tty_open,
    .read = tty_file_read,
    .write = tty_file_write,
    .ioctl = tty_file_ioctl,
    .is_stream = true,
};
