#include "mm/uaccess.h"
#include "abi/mman.h"
#include "lib/string.h"
#include "mm/space.h"

/* The kernel's address of va, faulting its page in until the access is
 * allowed; NULL if it is not. Pinned: space_unpin has to follow. */
static void *
pin_page(struct space *space, uint64_t va, bool write)
{
    for (;;) {
        void *p = space_pin(space, va, write);
        if (likely(p))
            return p;
        space_unpin();
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

static NOINLINE int
copy_pages(uint64_t va, char *kernel, size_t n, bool write)
{
    while (n > 0) {
        size_t chunk = bytes_to_page_end(va, n);
        char *p = pin_page(cpu_thread()->space, va, write);
        if (!p)
            return -EFAULT;
        memcpy(write ? p : kernel, write ? kernel : p, chunk);
        space_unpin();
        kernel += chunk;
        va += chunk;
        n -= chunk;
    }
    return 0;
}

/* Most copies are within one page that is simply there. */
static inline int
copy(uint64_t va, char *kernel, size_t n, bool write)
{
    char *p = NULL;

    if (n <= PAGE_SIZE - va % PAGE_SIZE)
        p = space_pin(cpu_thread()->space, va, write);
    if (likely(p))
        memcpy(write ? p : kernel, write ? kernel : p, n);
    space_unpin();
    return likely(p) ? 0 : copy_pages(va, kernel, n, write);
}

int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    return copy(src.v, dst, n, false);
}

int
uaccess_read_now(void *dst, uaddr_t src, size_t n)
{
    cpu_thread()->no_waiting = true;
    int error = copy(src.v, dst, n, false);
    cpu_thread()->no_waiting = false;
    return error;
}

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    return copy(dst.v, (char *)(uintptr_t)src, n, true);
}

int64_t
uaccess_read_string(char *dst, uaddr_t src, size_t size)
{
    size_t len = 0;
    while (len < size) {
        size_t chunk = bytes_to_page_end(src.v + len, size - len);
        const char *p = pin_page(cpu_thread()->space, src.v + len, false);
        if (!p)
            return -EFAULT;
        size_t n = strnlen(p, chunk);
        memcpy(dst + len, p, n);
        space_unpin();
        len += n;
        if (n < chunk) {
            dst[len] = '\0';
            return (int64_t)len;
        }
    }
    return -ENAMETOOLONG;
}

int
uaccess_peek(uint32_t *value, uaddr_t at)
{
    const uint32_t *p = space_pin(cpu_thread()->space, at.v, false);
    if (p)
        *value = __atomic_load_n(p, __ATOMIC_SEQ_CST);
    space_unpin();
    return p ? 0 : -EFAULT;
}

int
uaccess_exchange(uaddr_t at, uint32_t *expected, uint32_t desired)
{
    uint32_t *p = pin_page(cpu_thread()->space, at.v, true);
    if (!p)
        return -EFAULT;
    bool same = __atomic_compare_exchange_n(p, expected, desired, false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    space_unpin();
    return same ? 0 : -EAGAIN;
}
