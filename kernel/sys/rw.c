#include "sys/sys.h"

#include "sys/fileargs.h"
#include "sys/uioarg.h"

/* Moves the bytes of one buffer: arguments fd, base, length; at *at, or the
 * file's position if at is NULL. */
static inline int64_t
transfer(const uint64_t arg[6], enum file_direction direction, uint64_t *at)
{
    struct file *file = file_arg(arg[0]);
    if (!file)
        return -EBADF;
    struct uio_vec vec = {arg[1], arg[2]};
    struct uio uio;
    int err = uio_arg_check(&uio, &vec, 1);
    /* What is wrong with the file is said first. */
    int64_t n = file_transfer(file, direction, &uio, at);
    return n ?: err;
}

SYSCALL_IS(read, transfer(arg, FILE_READ, NULL))
SYSCALL_IS(write, transfer(arg, FILE_WRITE, NULL))
SYSCALL_IS(pread64, (int64_t)arg[3] < 0
                        ? -EINVAL
                        : transfer(arg, FILE_READ, &(uint64_t){arg[3]}))
SYSCALL_IS(pwrite64, (int64_t)arg[3] < 0
                         ? -EINVAL
                         : transfer(arg, FILE_WRITE, &(uint64_t){arg[3]}))

/* Moves the bytes of many buffers: arguments fd, vectors, how many; at *at, or
 * the file's position if at is NULL. */
static int64_t
transfer_vectors(const uint64_t arg[6], enum file_direction direction,
                 uint64_t *at)
{
    struct uio_arg vectors;
    struct file *file = file_arg(arg[0]);
    if (!file || (!at && !file_allows(file, direction)))
        return -EBADF;
    int64_t n = uio_arg_read(&vectors, arg[1], arg[2]);
    if (n)
        return n;
    n = file_transfer(file, direction, &vectors.uio, at);
    uio_arg_free(&vectors);
    return n;
}

SYSCALL_IS(readv, transfer_vectors(arg, FILE_READ, NULL))
SYSCALL_IS(writev, transfer_vectors(arg, FILE_WRITE, NULL))
SYSCALL_IS(preadv, (int64_t)arg[3] < 0
                       ? -EINVAL
                       : transfer_vectors(arg, FILE_READ, &(uint64_t){arg[3]}))
SYSCALL_IS(pwritev, (int64_t)arg[3] < 0 ? -EINVAL
                                        : transfer_vectors(arg, FILE_WRITE,
                                                           &(uint64_t){arg[3]}))

SYSCALL_DEFINE(lseek)
{
    struct file *file = file_arg(arg[0]);
    return file ? file_seek(file, (int64_t)arg[1], (int)arg[2]) : -EBADF;
}
