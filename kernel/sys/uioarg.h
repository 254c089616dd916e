/* Buffers of the calls that move bytes, as a struct uio.
 *
 * Owns nothing; thread context of a process, may block. */
#pragma once

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/uio.h"
#include "arch/layout.h"
#include "mm/slab.h"
#include "mm/uio.h"

/* Most bytes that one call moves, as Linux has it. */
#define TRANSFER_MAX 0x7ffff000ul

#define FEW_VECTORS 8u /* without an allocation */

/* A struct iovec is read into a struct uio_vec as it stands. */
_Static_assert(sizeof(struct iovec) == sizeof(struct uio_vec) &&
                   offsetof(struct iovec, iov_len) ==
                       offsetof(struct uio_vec, len),
               "one layout");

/* Checks the n vectors, cuts them to TRANSFER_MAX bytes together, and makes
 * *uio of them. Nobody has memory beyond USER_END, however little of it a
 * call would touch. Returns 0, or, with no bytes in *uio, -EINVAL, -EFAULT. */
static inline int MUST_CHECK
uio_arg_check(struct uio *uio, struct uio_vec *vec, unsigned n)
{
    uint64_t total = 0;
    *uio = (struct uio){.vec = vec, .user = true};
    for (unsigned i = 0; i < n; i++) {
        uint64_t len = vec[i].len;
        if (len > INT64_MAX)
            return -EINVAL;
        if (len > USER_END || vec[i].base > USER_END - len)
            return -EFAULT;
        vec[i].len = MIN(len, TRANSFER_MAX - total);
        total += vec[i].len;
    }
    uio->residual = total;
    return 0;
}

/* Many buffers, copied from user space. */
struct uio_arg {
    struct uio uio;
    struct uio_vec *vec;
    struct uio_vec few[FEW_VECTORS];
};

static inline void
uio_arg_free(struct uio_arg *arg)
{
    if (arg->vec != arg->few)
        kfree(arg->vec);
}

/* Reads n vectors at user address `user`. Returns 0, and then uio_arg_free has
 * to follow; -EINVAL, -EFAULT, -ENOMEM. */
static inline int MUST_CHECK
uio_arg_read(struct uio_arg *arg, uint64_t user, uint64_t n)
{
    if (n > IOV_MAX)
        return -EINVAL;
    arg->vec = n > FEW_VECTORS ? kmalloc(n * sizeof(*arg->vec)) : arg->few;
    if (!arg->vec)
        return -ENOMEM;
    int err = uaccess_read(arg->vec, uaddr(user), n * sizeof(*arg->vec));
    if (!err)
        err = uio_arg_check(&arg->uio, arg->vec, (unsigned)n);
    if (err)
        uio_arg_free(arg);
    return err;
}
