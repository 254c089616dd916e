/* A scattered buffer that a read fills or a write drains, in user or kernel
 * memory.
 *
 * Lives on the caller's stack, private to its thread; may block when it
 * faults user pages in. */
#pragma once

#include "mm/uaccess.h"

struct uio_vec {
    uint64_t base; /* user or kernel address */
    size_t len;
};

struct uio {
    const struct uio_vec *vec; /* where it goes on */
    size_t skip;               /* bytes of vec[0] already used */
    size_t residual;           /* bytes left in all; vec has as many */
    bool user;                 /* vec holds user addresses */
    bool locked;               /* a drain must not wait for pages of files */
};

/* One contiguous buffer; *vec must live as long as the uio. */
static inline void
uio_init_user(struct uio *uio, struct uio_vec *vec, uaddr_t base, size_t len)
{
    *vec = (struct uio_vec){.base = base.v, .len = len};
    *uio = (struct uio){.vec = vec, .residual = len, .user = true};
}

static inline void
uio_init_kernel(struct uio *uio, struct uio_vec *vec, void *base, size_t len)
{
    *vec = (struct uio_vec){.base = (uintptr_t)base, .len = len};
    *uio = (struct uio){.vec = vec, .residual = len};
}

/* Copies min(n, residual) bytes from src into the buffer and advances it.
 * Returns the bytes copied, fewer if the rest cannot be accessed, or -EFAULT
 * if not even one could be. */
int64_t uio_fill(struct uio *uio, const void *src, size_t n) MUST_CHECK;

/* Makes the next byte there for a drain, if it can be: after one that could
 * not wait. Returns 0 or -EFAULT. May block. */
int uio_fault_in(const struct uio *uio) MUST_CHECK;

/* Copies min(n, residual) bytes out of the buffer into dst and advances it.
 * Returns as uio_fill. */
int64_t uio_drain(struct uio *uio, void *dst, size_t n) MUST_CHECK;

/* The same of n <= residual bytes, if they are one piece of user memory, in one
 * page that is there and allows it: return whether they were copied. Any
 * context, also with spin locks held. */
static inline bool MUST_CHECK
uio_fill_at_once(struct uio *uio, const void *src, size_t n)
{
    if (n > uio->vec->len - uio->skip ||
        !uaccess_write_at_once(uaddr(uio->vec->base + uio->skip), src, n))
        return false;
    uio->skip += n;
    uio->residual -= n;
    return true;
}

static inline bool MUST_CHECK
uio_drain_at_once(struct uio *uio, void *dst, size_t n)
{
    if (n > uio->vec->len - uio->skip ||
        !uaccess_read_at_once(dst, uaddr(uio->vec->base + uio->skip), n))
        return false;
    uio->skip += n;
    uio->residual -= n;
    return true;
}
