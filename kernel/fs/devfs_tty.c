#include "abi/stat.h"
#include "dev/pty.h"
#include "dev/uart.h"
#include "fs/devfs.h"
#include "fs/poll.h"
#include "proc/process.h"

#define RDEV_TTY     MAKEDEV(5, 0)
#define RDEV_CONSOLE MAKEDEV(5, 1)

/* ---- Terminals ---- */

static int64_t
terminal_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_read(file->private, uio, file_is_nonblocking(file));
}

static int64_t
terminal_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return tty_write(file->private, uio, file_is_nonblocking(file));
}

static int64_t
terminal_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    return tty_ioctl(file->private, command, uaddr(arg));
}

static unsigned
terminal_poll(struct file *file, struct poll_table *table)
{
    return tty_poll(file->private, table, poll_wait);
}

static void
terminal_release(struct file *file)
{
    tty_close(file->private);
}

/* /dev/tty stands for the controlling terminal of who opens it [posix
 * §11.1.3]; the console is the serial port's. */
static int
terminal_open(struct file *file)
{
    uint64_t rdev = file->inode->rdev;
    struct tty *tty = rdev == RDEV_TTY
                          ? tty_find_session(READ_ONCE(process_current()->sid))
                          : tty_find(rdev);
    if (!tty)
        return -ENXIO;
    bool take =
        rdev != RDEV_TTY && rdev != RDEV_CONSOLE && !(file->flags & O_NOCTTY);
    int err = tty_open(tty, take);
    if (err)
        tty_put(tty);
    file->private = tty;
    return err;
}

const struct file_ops devfs_tty_ops = {
    .open = terminal_open,
    .release = terminal_release,
    .read = terminal_read,
    .write = terminal_write,
    .ioctl = terminal_ioctl,
    .poll = terminal_poll,
    .is_stream = true,
};

/* ---- Masters of pseudoterminals ---- */

static int64_t
master_read(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return pty_read(file->private, uio, file_is_nonblocking(file));
}

static int64_t
master_write(struct file *file, struct uio *uio, uint64_t *offset UNUSED)
{
    return pty_write(file->private, uio, file_is_nonblocking(file));
}

static int64_t
master_ioctl(struct file *file, unsigned command, uint64_t arg)
{
    return pty_ioctl(file->private, command, uaddr(arg));
}

static unsigned
master_poll(struct file *file, struct poll_table *table)
{
    return pty_poll(file->private, table, poll_wait);
}

static void
master_release(struct file *file)
{
    pty_close(file->private);
}

static int
master_open(struct file *file)
{
    struct pty *pty = NULL;
    int err = pty_create(&pty);
    file->private = pty;
    return err;
}

const struct file_ops devfs_ptmx_ops = {
    .open = master_open,
    .release = master_release,
    .read = master_read,
    .write = master_write,
    .ioctl = master_ioctl,
    .poll = master_poll,
    .is_stream = true,
};

/* ---- /dev/pts: the slaves that there are ---- */

/* Slave n has id n + 1. */
static uint64_t
next_slave(uint64_t dir UNUSED, uint64_t after, char name[PSEUDO_NAME_MAX])
{
    uint64_t first = pty_rdev(0), above = first + after;
    uint64_t rdev = tty_next(above - 1);
    if (rdev == 0 || rdev < first)
        return 0;
    snprintf(name, PSEUDO_NAME_MAX, "%lu", rdev - first);
    return rdev - first + 1;
}

static uint64_t
slave_rdev(uint64_t id)
{
    return pty_rdev((unsigned)id - 1);
}

static void
slave_owner(uint64_t id, uint32_t *uid, uint32_t *gid)
{
    struct OWNED(tty) *tty = tty_find(slave_rdev(id));
    if (tty)
        tty_get_owner(tty, uid, gid);
}

static const struct pseudo_kind slaves = {
    .next = next_slave, .get_rdev = slave_rdev, .get_owner = slave_owner};

static const struct pseudo_row slave_rows[] = {
    {.mode = S_IFDIR | 0755, .name = ""},
    {0, S_IFCHR | 0620, "SLAVE", &slaves, .file_ops = &devfs_tty_ops},
    {0, S_IFCHR | 0666, "ptmx", .rdev = MAKEDEV(5, 2),
     .file_ops = &devfs_ptmx_ops},
    {.name = NULL},
};

struct super devpts =
    PSEUDO_SUPER("devpts", 0x1cd1, slave_rows, .volatile_names = true);
