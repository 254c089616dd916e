/* The system calls that move bytes from one file to another in the kernel. */
#include "mm/slab.h"
#include "proc/signal.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

#define COPY_PIECE 65536ul      /* bytes moved at a time */
#define COPY_MAX   0x7ffff000ul /* most bytes of one call, as Linux has it */

/* One end: a file, and where in it: a position that came from the user
 * address, or, if that is 0, the file's own. */
struct end {
    struct file *file;
    enum file_direction direction;
    uint64_t at, user;
};

static int
open_end(struct end *end, uint64_t fd, uint64_t user,
         enum file_direction direction)
{
    struct file *file = file_arg(fd);
    if (!file || !file_allows(file, direction))
        return -EBADF;
    *end = (struct end){file, direction, READ_ONCE(file->offset), user};
    if (!user)
        return 0;
    int err = arg_read(&end->at, user);
    return err || (int64_t)end->at >= 0 ? err : -EINVAL;
}

static int
close_end(const struct end *end)
{
    return arg_write_if(end->user, &end->at);
}

static int64_t
move(struct end *end, void *buf, size_t n)
{
    struct uio_vec vec;
    struct uio uio;
    uint64_t at = end->at;
    uio_init_kernel(&uio, &vec, buf, n);
    int64_t moved =
        file_transfer(end->file, end->direction, &uio, end->user ? &at : NULL);
    end->at += (uint64_t)MAX(moved, 0);
    return moved;
}

/* Takes back n bytes that were read, and that nobody took. */
static int
unread(struct end *in, int64_t n)
{
    in->at -= (uint64_t)n;
    return in->user ? 0 : (int)MIN(file_seek(in->file, -n, SEEK_CUR), 0);
}

/* Copies n bytes. Returns how many, or an error if none. */
static int64_t
copy(struct end *in, struct end *out, size_t n)
{
    int64_t got, put, done = 0;
    FREED void *buf = kmalloc(COPY_PIECE);
    int err = 0;
    if (!buf)
        return -ENOMEM;
    do {
        got = move(in, buf, MIN(n - (size_t)done, COPY_PIECE));
        put = got > 0 ? move(out, buf, (size_t)got) : got;
        done += MAX(put, 0);
        if (put < got)
            err = unread(in, got - MAX(put, 0));
    } while (!err && got > 0 && put == got && (size_t)done < n &&
             !signal_pending());
    err = err ?: close_end(in) ?: close_end(out);
    return err ?: (done > 0 ? done : put);
}

SYSCALL_DEFINE(sendfile)
{
    struct end in, out;
    int err = open_end(&in, arg[1], arg[2], FILE_READ);
    err = err ?: open_end(&out, arg[0], 0, FILE_WRITE);
    if (err)
        return err;
    const struct inode *from = in.file->inode;
    if (!from || !(S_ISREG(from->mode) || S_ISBLK(from->mode)) ||
        (READ_ONCE(out.file->flags) & O_APPEND))
        return -EINVAL;
    return copy(&in, &out, MIN(arg[3], COPY_MAX));
}

SYSCALL_DEFINE(copy_file_range)
{
    struct end in, out;
    size_t n = MIN(arg[4], COPY_MAX);
    int err = open_end(&in, arg[0], arg[1], FILE_READ);
    err = err ?: open_end(&out, arg[2], arg[3], FILE_WRITE);
    if (err)
        return err;
    if (READ_ONCE(out.file->flags) & O_APPEND)
        return -EBADF;
    const struct inode *from = in.file->inode, *to = out.file->inode;
    if (from && to && (S_ISDIR(from->mode) || S_ISDIR(to->mode)))
        return -EISDIR;
    if (arg[5] || !from || !to || !S_ISREG(from->mode) || !S_ISREG(to->mode) ||
        (from == to && in.at < out.at + n && out.at < in.at + n))
        return -EINVAL;
    return copy(&in, &out, n);
}
