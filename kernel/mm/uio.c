#include "mm/uio.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "lib/string.h"

/* What is done with each contiguous piece: in kernel memory never fails. */
struct transfer {
    enum {
        FILL,
        FILL_ZERO,
        DRAIN,
    } kind;
    char *kernel; /* the other side; not for FILL_ZERO */
};

static void
move_kernel(const struct transfer *t, uint64_t base, size_t n)
{
    void *p = (void *)(uintptr_t)base;

    if (t->kind == FILL)
        memcpy(p, t->kernel, n);
    else if (t->kind == DRAIN)
        memcpy(t->kernel, p, n);
    else
        memset(p, 0, n);
}

static int
move_user(const struct transfer *t, uint64_t base, size_t n)
{
    if (t->kind == FILL)
        return uaccess_write(uaddr(base), t->kernel, n);
    if (t->kind == DRAIN)
        return uaccess_read(t->kernel, uaddr(base), n);
    return uaccess_zero(uaddr(base), n);
}

/* Moves as much of a piece as can be accessed, page by page: all of a page
 * can be or none. Returns how much that was. */
static size_t
move_accessible(const struct transfer *t, uint64_t base, size_t n)
{
    struct transfer part = *t;
    size_t done = 0;

    while (done < n) {
        size_t in_page = PAGE_SIZE - ((base + done) & (PAGE_SIZE - 1));
        size_t len = MIN(n - done, in_page);
        if (move_user(&part, base + done, len) < 0)
            break;
        done += len;
        if (part.kernel)
            part.kernel += len;
    }
    return done;
}

static void
advance(struct uio *uio, size_t n)
{
    uio->skip += n;
    uio->residual -= n;
}

static int64_t
move(struct uio *uio, struct transfer t, size_t n)
{
    size_t want = MIN(n, uio->residual);
    size_t done = 0;

    while (done < want) {
        const struct uio_vec *v = uio->vec;
        if (uio->skip == v->len) {
            uio->vec++;
            uio->nvec--;
            uio->skip = 0;
            continue;
        }
        size_t len = MIN(want - done, v->len - uio->skip);
        size_t moved = len;
        uint64_t base = v->base + uio->skip;
        if (!uio->user)
            move_kernel(&t, base, len);
        else if (move_user(&t, base, len) < 0)
            moved = move_accessible(&t, base, len);
        advance(uio, moved);
        done += moved;
        if (moved < len)
            break;
        if (t.kernel)
            t.kernel += moved;
    }
    return done || want == 0 ? (int64_t)done : -EFAULT;
}

/* How much of n bytes there is room for, if that is all in the first vector
 * and in user memory; else 0. Most transfers are of that kind. */
static inline size_t
simple_length(const struct uio *uio, size_t n)
{
    size_t want = MIN(n, uio->residual);
    return uio->user && want <= uio->vec->len - uio->skip ? want : 0;
}

int64_t
uio_fill(struct uio *uio, const void *src, size_t n)
{
    size_t len = simple_length(uio, n);
    if (len > 0 &&
        uaccess_write(uaddr(uio->vec->base + uio->skip), src, len) == 0) {
        advance(uio, len);
        return (int64_t)len;
    }
    return move(uio, (struct transfer){FILL, (char *)(uintptr_t)src}, n);
}

int64_t
uio_fill_zero(struct uio *uio, size_t n)
{
    return move(uio, (struct transfer){FILL_ZERO, NULL}, n);
}

int64_t
uio_drain(struct uio *uio, void *dst, size_t n)
{
    size_t len = simple_length(uio, n);
    if (len > 0 &&
        uaccess_read(dst, uaddr(uio->vec->base + uio->skip), len) == 0) {
        advance(uio, len);
        return (int64_t)len;
    }
    return move(uio, (struct transfer){DRAIN, dst}, n);
}
