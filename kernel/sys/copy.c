/* The system calls that move bytes from one file to another in the kernel. */
#include "abi/errno.h"
#include "mm/slab.h"
#include "proc/signal.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

#define COPY_PIECE 65536u       /* bytes moved at a time */
#define COPY_MAX   0x7ffff000ul /* most bytes of one call, as Linux has it */

/* One end: a file, and where in it; user is where the position comes from and
 * goes to, 0 for the file's own. */
struct end {
    struct file *file;
    uint64_t at, user;
    bool is_stream;
};

static int
open_end(struct end *end, uint64_t fd, uint64_t user,
         enum file_direction direction)
{
    end->file = file_arg(fd);
    if (!end->file || !file_allows(end->file, direction))
        return -EBADF;
    end->user = user;
    end->is_stream = end->file->ops->is_stream;
    if (user && end->is_stream)
        return -ESPIPE;
    if (user) {
        int err = uaccess_read(&end->at, uaddr(user), sizeof(end->at));
        return err || (int64_t)end->at >= 0 ? err : -EINVAL;
    }
    end->at = READ_ONCE(end->file->offset);
    return 0;
}

/* Tells where the copy has ended. */
static int
close_end(struct end *end)
{
    if (end->is_stream)
        return 0;
    if (end->user)
        return uaccess_write(uaddr(end->user), &end->at, sizeof(end->at));
    return (int)MIN(file_seek(end->file, (int64_t)end->at, SEEK_SET), 0);
}

static int64_t
move(struct end *end, enum file_direction direction, void *buf, size_t n)
{
    struct uio_vec vec;
    struct uio uio;

    uio_init_kernel(&uio, &vec, buf, n);
    int64_t moved = file_transfer(end->file, direction, &uio,
                                  end->is_stream ? NULL : &end->at);
    return moved;
}

/* Copies n bytes through buf. Returns how many, or an error if none. */
static int64_t
copy(struct end *in, struct end *out, size_t n, void *buf)
{
    int64_t got = 0, put = 0;
    size_t done = 0;

    while (done < n) {
        got = move(in, FILE_READ, buf, MIN(n - done, (size_t)COPY_PIECE));
        if (got <= 0)
            break;
        put = move(out, FILE_WRITE, buf, (size_t)got);
        if (put <= 0)
            break;
        in->at += (uint64_t)put;
        out->at += (uint64_t)put;
        done += (size_t)put;
        if (put < got || signal_pending())
            break;
    }
    return done > 0 ? (int64_t)done : MIN(got, put);
}

static int64_t
copy_ends(struct end *in, struct end *out, uint64_t n)
{
    void *buf = kmalloc(COPY_PIECE);

    if (!buf)
        return -ENOMEM;
    int64_t done = copy(in, out, MIN(n, COPY_MAX), buf);
    kfree(buf);
    int err = close_end(in);
    if (!err)
        err = close_end(out);
    return err ? err : done;
}

int64_t
sys_sendfile(const uint64_t arg[6])
{
    struct end in, out;
    int err = open_end(&in, arg[1], arg[2], FILE_READ);

    if (!err)
        err = open_end(&out, arg[0], 0, FILE_WRITE);
    if (err)
        return err;
    const struct inode *from = in.file->inode;
    if (!from || !(S_ISREG(from->mode) || S_ISBLK(from->mode)) ||
        (READ_ONCE(out.file->flags) & O_APPEND))
        return -EINVAL;
    return copy_ends(&in, &out, arg[3]);
}

int64_t
sys_copy_file_range(const uint64_t arg[6])
{
    struct end in, out;
    int err = open_end(&in, arg[0], arg[1], FILE_READ);

    if (!err)
        err = open_end(&out, arg[2], arg[3], FILE_WRITE);
    if (err)
        return err;
    if (READ_ONCE(out.file->flags) & O_APPEND)
        return -EBADF;
    const struct inode *from = in.file->inode, *to = out.file->inode;
    if (from && to && (S_ISDIR(from->mode) || S_ISDIR(to->mode)))
        return -EISDIR;
    if (arg[5] || !from || !to || !S_ISREG(from->mode) || !S_ISREG(to->mode))
        return -EINVAL;
    uint64_t n = MIN(arg[4], COPY_MAX);
    if (from == to && in.at < out.at + n && out.at < in.at + n)
        return -EINVAL;
    return copy_ends(&in, &out, n);
}
