#include "sys/sys.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "mm/frame.h"
#include "sys/fileargs.h"

/* One open file to another, by way of one page. */
struct copy {
    struct file *in, *out;
    char *page;
    uint64_t offset; /* in `in`; moved by what has been written */
};

/* Copies up to a page. Returns the bytes copied, 0 at the end, or an error. */
static int64_t
copy_some(struct copy *c, size_t n)
{
    struct uio uio;
    struct uio_vec vec;

    uio_init_kernel(&uio, &vec, c->page, MIN(n, PAGE_SIZE));
    int64_t got = file_read_at(c->in, &uio, c->offset);
    if (got <= 0)
        return got;
    uio_init_kernel(&uio, &vec, c->page, (size_t)got);
    int64_t put = file_write(c->out, &uio);
    if (put > 0)
        c->offset += (uint64_t)put;
    return put;
}

/* Returns the bytes copied, or an error if there were none. */
static int64_t
copy_all(struct copy *c, size_t n)
{
    size_t done = 0;

    while (done < n) {
        int64_t some = copy_some(c, n - done);
        if (some < 0 && done == 0)
            return some;
        if (some <= 0)
            break;
        done += (size_t)some;
    }
    return (int64_t)done;
}

/* Runs the copy from the offset the user gives, or from the position of the
 * file, and moves that. */
static int64_t
send_file(struct copy *c, uint64_t offset_user, size_t n)
{
    if (!file_is_readable(c->in) || !file_is_writable(c->out))
        return -EBADF;
    if (c->in->ops->is_stream)
        return -EINVAL;

    int64_t start;
    if (offset_user) {
        int err = uaccess_read(&start, uaddr(offset_user), sizeof(start));
        if (err)
            return err;
        if (start < 0)
            return -EINVAL;
    } else {
        start = file_seek(c->in, 0, SEEK_CUR);
        if (start < 0)
            return start;
    }
    c->offset = (uint64_t)start;
    int64_t done = copy_all(c, n);

    int64_t end = (int64_t)c->offset;
    int64_t err = offset_user
                      ? uaccess_write(uaddr(offset_user), &end, sizeof(end))
                      : file_seek(c->in, end, SEEK_SET);
    return err < 0 ? err : done;
}

int64_t
sys_sendfile(const uint64_t arg[6])
{
    bool out_counted, in_counted;
    struct copy c = {.out = file_arg(arg[0], &out_counted)};
    if (!c.out)
        return -EBADF;
    int64_t done = -EBADF;
    c.in = file_arg(arg[1], &in_counted);
    if (!c.in)
        goto out;
    done = -ENOMEM;
    c.page = frame_alloc(0);
    if (c.page)
        done = send_file(&c, arg[2], (size_t)MIN(arg[3], 0x7ffff000ul));
    if (c.page)
        frame_free(c.page, 0);
    fdtable_return(c.in, in_counted);
out:
    fdtable_return(c.out, out_counted);
    return done;
}
