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

/* Nobody has memory there, however little of it a call would touch. */
static bool
is_user_range(uint64_t base, uint64_t len)
{
    return len <= USER_END && base <= USER_END - len;
}

static int
uio_arg(struct uio *uio, struct uio_vec *vec, uint64_t base, uint64_t len)
{
    if (len > INT64_MAX)
        return -EINVAL;
    if (!is_user_range(base, len))
        return -EFAULT;
    uio_init_user(uio, vec, uaddr(base), MIN(len, TRANSFER_MAX));
    return 0;
}

int64_t
sys_read(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    struct uio uio;
    struct uio_vec vec;
    int64_t n = -EBADF;
    if (file_is_readable(file))
        n = uio_arg(&uio, &vec, arg[1], arg[2]);
    if (n == 0)
        n = file_read(file, &uio);
    fdtable_return(file, counted);
    return n;
}

int64_t
sys_write(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    struct uio uio;
    struct uio_vec vec;
    int64_t n = -EBADF;
    if (file_is_writable(file))
        n = uio_arg(&uio, &vec, arg[1], arg[2]);
    if (n == 0)
        n = file_write(file, &uio);
    fdtable_return(file, counted);
    return n;
}

int64_t
sys_pread64(const uint64_t arg[6])
{
    if ((int64_t)arg[3] < 0)
        return -EINVAL;
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    struct uio uio;
    struct uio_vec vec;
    int64_t n = uio_arg(&uio, &vec, arg[1], arg[2]);
    if (n == 0)
        n = file_read_at(file, &uio, arg[3]);
    fdtable_return(file, counted);
    return n;
}

int64_t
sys_pwrite64(const uint64_t arg[6])
{
    if ((int64_t)arg[3] < 0)
        return -EINVAL;
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    struct uio uio;
    struct uio_vec vec;
    int64_t n = uio_arg(&uio, &vec, arg[1], arg[2]);
    if (n == 0)
        n = file_write_at(file, &uio, arg[3]);
    fdtable_return(file, counted);
    return n;
}

/* Checks the vectors, cuts them to TRANSFER_MAX bytes together. */
static int
uio_init_vectors(struct uio *uio, struct uio_vec *vec, unsigned nvec)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < nvec; i++) {
        if (vec[i].len > INT64_MAX)
            return -EINVAL;
        if (!is_user_range(vec[i].base, vec[i].len))
            return -EFAULT;
        vec[i].len = MIN(vec[i].len, TRANSFER_MAX - total);
        total += vec[i].len;
    }
    *uio =
        (struct uio){.vec = vec, .nvec = nvec, .residual = total, .user = true};
    return 0;
}

/* A kind of transfer, and whether a file is open for it. */
struct direction {
    bool (*allowed)(const struct file *file);
    int64_t (*transfer)(struct file *file, struct uio *uio);
};

static int64_t
transfer_vectors(struct file *file, const struct direction *direction,
                 uint64_t user, struct uio_vec *vec, unsigned nvec)
{
    struct uio uio;
    int err = uaccess_read(vec, uaddr(user), nvec * sizeof(*vec));
    if (!err)
        err = uio_init_vectors(&uio, vec, nvec);
    return err ? err : direction->transfer(file, &uio);
}

static int64_t
import_vectors(struct file *file, const struct direction *direction,
               uint64_t user, uint64_t nvec)
{
    struct uio_vec few[FEW_VECTORS];

    if (!direction->allowed(file))
        return -EBADF;
    if (nvec > IOV_MAX)
        return -EINVAL;
    if (nvec <= FEW_VECTORS)
        return transfer_vectors(file, direction, user, few, (unsigned)nvec);

    struct uio_vec *vec = kmalloc(nvec * sizeof(*vec));
    if (!vec)
        return -ENOMEM;
    int64_t n = transfer_vectors(file, direction, user, vec, (unsigned)nvec);
    kfree(vec);
    return n;
}

static int64_t
with_vectors(const uint64_t arg[6], struct direction direction)
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    int64_t n = import_vectors(file, &direction, arg[1], arg[2]);
    fdtable_return(file, counted);
    return n;
}

int64_t
sys_readv(const uint64_t arg[6])
{
    return with_vectors(arg, (struct direction){file_is_readable, file_read});
}

int64_t
sys_writev(const uint64_t arg[6])
{
    return with_vectors(arg, (struct direction){file_is_writable, file_write});
}

int64_t
sys_lseek(const uint64_t arg[6])
{
    bool counted;
    struct file *file = file_arg(arg[0], &counted);
    if (!file)
        return -EBADF;
    int64_t position = file_seek(file, (int64_t)arg[1], (int)arg[2]);
    fdtable_return(file, counted);
    return position;
}
