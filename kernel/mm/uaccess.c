#include "mm/uaccess.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "arch/cpu.h"
#include "lib/string.h"
#include "mm/space.h"

/* Locks the current space and translates va, faulting its page in until the
 * access is allowed. On success the space stays locked: another thread must
 * not unmap the page under the copy. */
static NO_LOCK_CHECK void *
lock_page(struct space *space, uint64_t va, bool write)
{
    for (;;) {
        spin_lock(&space->lock);
        void *p = space_translate(space, va, write);
        if (p)
            return p;
        spin_unlock(&space->lock);
        if (va >= USER_END ||
            space_fault(space, va, write ? PROT_WRITE : PROT_READ) != 0)
            return NULL;
    }
}

static size_t
bytes_to_page_end(uint64_t va, size_t n)
{
    return MIN(n, PAGE_SIZE - va % PAGE_SIZE);
}

NO_LOCK_CHECK int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    struct space *space = cpu_thread()->space;

    while (n > 0) {
        size_t chunk = bytes_to_page_end(src.v, n);
        const void *p = lock_page(space, src.v, false);
        if (!p)
            return -EFAULT;
        memcpy(dst, p, chunk);
        spin_unlock(&space->lock);
        dst = (char *)dst + chunk;
        src.v += chunk;
        n -= chunk;
    }
    return 0;
}

NO_LOCK_CHECK int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    struct space *space = cpu_thread()->space;

    while (n > 0) {
        size_t chunk = bytes_to_page_end(dst.v, n);
        void *p = lock_page(space, dst.v, true);
        if (!p)
            return -EFAULT;
        memcpy(p, src, chunk);
        spin_unlock(&space->lock);
        src = (const char *)src + chunk;
        dst.v += chunk;
        n -= chunk;
    }
    return 0;
}

NO_LOCK_CHECK int
uaccess_zero(uaddr_t dst, size_t n)
{
    struct space *space = cpu_thread()->space;

    while (n > 0) {
        size_t chunk = bytes_to_page_end(dst.v, n);
        void *p = lock_page(space, dst.v, true);
        if (!p)
            return -EFAULT;
        memset(p, 0, chunk);
        spin_unlock(&space->lock);
        dst.v += chunk;
        n -= chunk;
    }
    return 0;
}

NO_LOCK_CHECK int64_t
uaccess_read_string(char *dst, uaddr_t src, size_t size)
{
    struct space *space = cpu_thread()->space;
    size_t len = 0;

    while (len < size) {
        size_t chunk = bytes_to_page_end(src.v + len, size - len);
        const char *p = lock_page(space, src.v + len, false);
        if (!p)
            return -EFAULT;
        size_t n = strnlen(p, chunk);
        memcpy(dst + len, p, n);
        spin_unlock(&space->lock);
        len += n;
        if (n < chunk) {
            dst[len] = '\0';
            return (int64_t)len;
        }
    }
    return -ENAMETOOLONG;
}
