#include "fs/devfs.h"
#include "abi/errno.h"
#include "dev/tty.h"
#include "dev/uart.h"
#include "proc/process.h"

static bool
is_nonblocking(const struct file *file)
{
    return READ_ONCE(file->flags) & O_NONBLOCK;
}

static int
console_open(struct file *file)
{
    file->private = uart_tty();
    return file->private ? 0 : -ENXIO;
}

/* /dev/tty stands for the controlling terminal of who opens it: the console
 * or none [posix §11.1.3]. */
static int
controlling_open(struct file *file)
{
    int err = console_open(file);
    if (!err && tty_session(file->private) != READ_ONCE(process_current()->sid))
        err = -ENXIO;
    return err;
}

static int64_t
console_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_read(file->private, uio, is_nonblocking(file));
}

static int64_t
console_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_write(file->private, uio, is_nonblocking(file));
}

static int64_t
console_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    return tty_ioctl(file->private, command, uaddr(arg));
}

const struct file_ops devfs_console_ops = {
    .open = console_open,
    .read = console_read,
    .write = console_write,
    .ioctl = console_ioctl,
    .is_stream = true,
};

const struct file_ops devfs_controlling_ops = {
    .open = controlling_open,
    .read = console_read,
    .write = console_write,
    .ioctl = console_ioctl,
    .is_stream = true,
};
