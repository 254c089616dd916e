#include "fs/devfs.h"
#include "abi/stat.h"
#include "dev/random.h"
#include "lib/string.h"
#include "proc/sched.h"
#include "proc/signal.h"

#define PIECE 256u /* bytes made or taken at a time */

/* Between two pieces: lets others run. Returns whether a signal wants to end
 * the call, which may be for gigabytes, here. */
static bool
is_interrupted(void)
{
    sched_yield_if_due();
    return signal_pending();
}

/* Fills all of uio, piece by piece, with what make puts into a buffer. */
static int64_t
fill_by(struct uio *uio, void (*make)(void *buf, size_t n))
{
    char buf[PIECE];
    int64_t done = 0;
    while (uio->residual > 0) {
        size_t n = MIN(sizeof(buf), uio->residual);
        make(buf, n);
        int64_t moved = uio_fill(uio, buf, n);
        if (moved < 0)
            return done ? done : moved;
        done += moved;
        if ((size_t)moved < n || is_interrupted())
            break;
    }
    return done;
}

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

static void
make_zeros(void *buf, size_t n)
{
    memset(buf, 0, n);
}

static int64_t
zero_read(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    return fill_by(uio, make_zeros);
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
    return fill_by(uio, random_fill);
}

/* What users write is stirred in: it can make nothing easier to guess. */
static int64_t
random_write(struct file *file UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
    char bytes[PIECE];
    int64_t done = 0;
    while (uio->residual > 0) {
        int64_t moved = uio_drain(uio, bytes, sizeof(bytes));
        if (moved < 0)
            return done ? done : moved;
        random_add(bytes, (size_t)moved);
        done += moved;
        if (is_interrupted())
            break;
    }
    return done;
}

/* ---- The tree ---- */

static const struct file_ops null_ops = {.read = null_read,
                                         .write = null_write};
static const struct file_ops zero_ops = {.read = zero_read,
                                         .write = null_write};
static const struct file_ops full_ops = {.read = zero_read,
                                         .write = full_write};
static const struct file_ops random_ops = {.read = random_read,
                                           .write = random_write};

#define CHR(name, mode, major, minor, ops)                        \
    {                                                             \
        0, S_IFCHR | (mode), name, .rdev = MAKEDEV(major, minor), \
                                   .file_ops = (ops)              \
    }

/* Numbers are Linux's. */
static const struct pseudo_row device_rows[] = {
    {.mode = S_IFDIR | 0555, .name = ""},
    CHR("null", 0666, 1, 3, &null_ops),
    CHR("zero", 0666, 1, 5, &zero_ops),
    CHR("full", 0666, 1, 7, &full_ops),
    CHR("random", 0666, 1, 8, &random_ops),
    CHR("urandom", 0666, 1, 9, &random_ops),
    CHR("tty", 0666, 5, 0, &devfs_tty_ops),
    CHR("console", 0600, 5, 1, &devfs_tty_ops),
    CHR("ptmx", 0666, 5, 2, &devfs_ptmx_ops),
    CHR("trace", 0600, 10, 200, &devfs_trace_ops),
    {0, S_IFDIR | 0755, "pts", .kind = NULL},
    {0, S_IFBLK | 0600, "DISK", &devfs_disks, .file_ops = &devfs_block_ops},
    {0, S_IFCHR | 0600, "PORT", &devfs_ports, .file_ops = &devfs_port_ops},
    {0, S_IFLNK | 0777, "fd", .text = "/proc/self/fd"},
    {0, S_IFLNK | 0777, "stdin", .text = "/proc/self/fd/0"},
    {0, S_IFLNK | 0777, "stdout", .text = "/proc/self/fd/1"},
    {0, S_IFLNK | 0777, "stderr", .text = "/proc/self/fd/2"},
    {.name = NULL},
};

struct super devfs = PSEUDO_SUPER("devtmpfs", 0x1373, device_rows);

static int
node_open(struct file *file)
{
    const struct inode *inode = file->inode;
    bool is_disk = S_ISBLK(inode->mode);

    file->ops = is_disk ? &devfs_block_ops : NULL;
    for (const struct pseudo_row *row = device_rows; row->name && !is_disk;
         row++)
        if (S_ISCHR(row->mode) && row->rdev == inode->rdev)
            file->ops = row->file_ops;
    if (!file->ops)
        return -ENXIO;
    return file->ops->open ? file->ops->open(file) : 0;
}

const struct file_ops devfs_node_ops = {.open = node_open};
