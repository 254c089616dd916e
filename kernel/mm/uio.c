#include "mm/uio.h"
#include "arch/layout.h"
#include "lib/string.h"

/* Moves one piece, which is in one page if it is the user's. */
static inline int
move_piece(const struct uio *uio, char *kernel, size_t n, bool fill)
{
    uint64_t va = uio->vec->base + uio->skip;
    char *p = (char *)(uintptr_t)va;
    if (!uio->user) {
        memcpy(fill ? p : kernel, fill ? kernel : p, n);
        return 0;
    }
    if (likely(fill ? uaccess_write_at_once(uaddr(va), kernel, n)
                    : uaccess_read_at_once(kernel, uaddr(va), n)))
        return 0;
    return fill          ? uaccess_write(uaddr(va), kernel, n)
           : uio->locked ? uaccess_read_now(kernel, uaddr(va), n)
                         : uaccess_read(kernel, uaddr(va), n);
}

/* Goes piece by piece: none crosses a page, so all of it can be accessed or
 * nothing. */
static ALWAYS_INLINE int64_t
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
        if (move_piece(uio, kernel + done, len, fill) != 0)
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
