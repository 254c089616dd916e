#include "mm/uio.h"
#include "arch/layout.h"
#include "lib/string.h"

/* Goes piece by piece: none crosses a page, so all of it can be accessed or
 * nothing. */
static inline int64_t
move(struct uio *uio, char *kernel, size_t n, bool fill)
{
    size_t want = MIN(n, uio->residual);
    size_t done = 0;
    while (done < want) {
        if (uio->skip == uio->vec->len) {
            uio->vec++;
            uio->skip = 0;
            continue;
        }
        uint64_t base = uio->vec->base + uio->skip;
        size_t len = MIN(want - done, uio->vec->len - uio->skip);
        len = MIN(len, PAGE_SIZE - base % PAGE_SIZE);
        char *p = (char *)(uintptr_t)base, *k = kernel + done;
        int err = 0;
        if (!uio->user)
            memcpy(fill ? p : k, fill ? k : p, len);
        else
            err = fill          ? uaccess_write(uaddr(base), k, len)
                  : uio->locked ? uaccess_read_now(k, uaddr(base), len)
                                : uaccess_read(k, uaddr(base), len);
        if (err)
            return done ? (int64_t)done : -EFAULT;
        uio->skip += len;
        uio->residual -= len;
        done += len;
    }
    return (int64_t)done;
}

int64_t
uio_fill(struct uio *uio, const void *src, size_t n)
{
    return move(uio, (char *)(uintptr_t)src, n, true);
}

int64_t
uio_drain(struct uio *uio, void *dst, size_t n)
{
    return move(uio, dst, n, false);
}

int
uio_fault_in(const struct uio *uio)
{
    const struct uio_vec *vec = uio->vec;
    size_t skip = uio->skip;
    char byte;
    if (!uio->user || uio->residual == 0)
        return -EFAULT;
    while (skip == vec->len) {
        vec++;
        skip = 0;
    }
    return uaccess_read(&byte, uaddr(vec->base + skip), 1);
}
