#include "sys/sys.h"

#include "abi/errno.h"
#include "abi/uio.h"
#include "arch/layout.h"
#include "mm/slab.h"
#include "sys/fileargs.h"

/* Most bytes that one call moves, as Linux has it. */
#define TRANSFER_MAX 0x7ffff000ul

#define FEW_VECTORS 8u

/* A struct iovec is read into a struct uio_vec as it stands. */
_Static_assert(sizeof(struct iovec) == sizeof(struct uio_vec) &&
                   offsetof(struct iovec, iov_len) ==
                       offsetof(struct uio_vec, len),
               "one layout");

/* Checks the n vectors, cuts them to TRANSFER_MAX bytes together, and makes
 * *uio of them. Nobody has memory beyond USER_END, however little of it a
 * call would touch. */
static inline int
init_uio(struct uio *uio, struct uio_vec *vec, unsigned n)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < n; i++) {
        if (vec[i].len > INT64_MAX)
            return -EINVAL;
        if (vec[i].len > USER_END || vec[i].base > USER_END - vec[i].len)
            return -EFAULT;
        vec[i].len = MIN(vec[i].len, TRANSFER_MAX - total);
        total += vec[i].len;
    }
    *uio = (struct uio){.vec = vec, .residual = total, .user = true};
    return 0;
}

/* Moves the bytes of one buffer: arguments fd, base, length; at *at, or the
 * file's position if at is NULL. */
static inline int64_t
transfer(const uint64_t arg[6], enum file_direction direction,
         const uint64_t *at)
{
    struct file *file = file_arg(arg[0]);
    if (!file || (!at && !file_allows(file, direction)))
        return -EBADF;
    struct uio_vec vec = {arg[1], arg[2]};
    struct uio uio;
    int err = init_uio(&uio, &vec, 1);
    return err ? err : file_transfer(file, direction, &uio, at);
}

SYSCALL_IS(read, transfer(arg, FILE_READ, NULL))
SYSCALL_IS(write, transfer(arg, FILE_WRITE, NULL))
SYSCALL_IS(pread64,
           (int64_t)arg[3] < 0 ? -EINVAL : transfer(arg, FILE_READ, &arg[3]))
SYSCALL_IS(pwrite64,
           (int64_t)arg[3] < 0 ? -EINVAL : transfer(arg, FILE_WRITE, &arg[3]))

/* Moves the bytes of many buffers: arguments fd, vectors, how many; at *at, or
 * the file's position if at is NULL. */
static int64_t
transfer_vectors(const uint64_t arg[6], enum file_direction direction,
                 const uint64_t *at)
{
    struct uio_vec few[FEW_VECTORS], *vec = few;
    struct uio uio;
    struct file *file = file_arg(arg[0]);
    if (!file || (!at && !file_allows(file, direction)))
        return -EBADF;
    if (arg[2] > IOV_MAX)
        return -EINVAL;
    if (arg[2] > FEW_VECTORS)
        vec = kmalloc(arg[2] * sizeof(*vec));
    if (!vec)
        return -ENOMEM;
    int64_t n = uaccess_read(vec, uaddr(arg[1]), arg[2] * sizeof(*vec));
    if (n == 0)
        n = init_uio(&uio, vec, (unsigned)arg[2]);
    if (n == 0)
        n = file_transfer(file, direction, &uio, at);
    if (vec != few)
        kfree(vec);
    return n;
}

SYSCALL_IS(readv, transfer_vectors(arg, FILE_READ, NULL))
SYSCALL_IS(writev, transfer_vectors(arg, FILE_WRITE, NULL))
SYSCALL_IS(preadv, (int64_t)arg[3] < 0
                       ? -EINVAL
                       : transfer_vectors(arg, FILE_READ, &arg[3]))
SYSCALL_IS(pwritev, (int64_t)arg[3] < 0
                        ? -EINVAL
                        : transfer_vectors(arg, FILE_WRITE, &arg[3]))

int64_t
sys_lseek(const uint64_t arg[6])
{
    struct file *file = file_arg(arg[0]);
    return file ? file_seek(file, (int64_t)arg[1], (int)arg[2]) : -EBADF;
}
