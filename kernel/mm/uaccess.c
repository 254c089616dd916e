#include "mm/uaccess.h"
#include "abi/mman.h"
#include "arch/barrier.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/string.h"
#include "mm/space.h"

/* The kernel's address of va in the running thread's space, for an access that
 * its page allows as it is; NULL otherwise. It may be used until unpin, which
 * must follow soon, in either case: meanwhile mm/shootdown.c waits, so the
 * caller does not sleep and takes no lock. */
static ALWAYS_INLINE void *
pin(uint64_t va, bool write)
{
    uint64_t need = PTE_V | PTE_U | (write ? PTE_W : 0);
    const struct space *space = cpu_thread()->space;
    const uint64_t *table = space->root;
    if (va >= USER_END)
        return NULL;
    WRITE_ONCE(this_cpu()->copying, space);
    barrier_full();
    for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
        uint64_t entry = READ_ONCE(table[pte_index(va, level)]);
        if (!(entry & PTE_V))
            return NULL;
        table = phys_to_virt(pte_address(entry));
    }
    uint64_t leaf = READ_ONCE(table[pte_index(va, 0)]);
    if ((leaf & need) != need)
        return NULL;
    return (char *)phys_to_virt(pte_address(leaf)) + va % PAGE_SIZE;
}

static inline void
unpin(void)
{
    __atomic_store_n(&this_cpu()->copying, NULL, __ATOMIC_RELEASE);
}

/* The same, with the page faulted in until the access is allowed. */
static NOINLINE void *
pin_faulted(uint64_t va, bool write)
{
    for (;;) {
        void *p = pin(va, write);
        if (likely(p))
            return p;
        unpin();
        if (va >= USER_END || space_fault(cpu_thread()->space, va,
                                          write ? PROT_WRITE : PROT_READ) != 0)
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
        char *p = pin_faulted(va, write);
        if (!p)
            return -EFAULT;
        memcpy(write ? p : kernel, write ? kernel : p, chunk);
        unpin();
        kernel += chunk;
        va += chunk;
        n -= chunk;
    }
    return 0;
}

static ALWAYS_INLINE bool
copy_at_once(uint64_t va, char *kernel, size_t n, bool write)
{
    if (n > PAGE_SIZE - va % PAGE_SIZE)
        return false;
    char *p = pin(va, write);
    if (likely(p))
        memcpy(write ? p : kernel, write ? kernel : p, n);
    unpin();
    return p;
}

bool
uaccess_read_at_once(void *dst, uaddr_t src, size_t n)
{
    return copy_at_once(src.v, dst, n, false);
}

bool
uaccess_write_at_once(uaddr_t dst, const void *src, size_t n)
{
    return copy_at_once(dst.v, (char *)(uintptr_t)src, n, true);
}

/* Most copies are within one page that is simply there. */
int
uaccess_read(void *dst, uaddr_t src, size_t n)
{
    return likely(uaccess_read_at_once(dst, src, n))
               ? 0
               : copy_pages(src.v, dst, n, false);
}

int
uaccess_read_now(void *dst, uaddr_t src, size_t n)
{
    cpu_thread()->no_waiting = true;
    int error = copy_pages(src.v, dst, n, false);
    cpu_thread()->no_waiting = false;
    return error;
}

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    return likely(uaccess_write_at_once(dst, src, n))
               ? 0
               : copy_pages(dst.v, (char *)(uintptr_t)src, n, true);
}

int64_t
uaccess_read_string(char *dst, uaddr_t src, size_t size)
{
    size_t len = 0;
    while (len < size) {
        size_t chunk = bytes_to_page_end(src.v + len, size - len);
        const char *p = pin_faulted(src.v + len, false);
        if (!p)
            return -EFAULT;
        size_t n = strnlen(p, chunk);
        memcpy(dst + len, p, n);
        unpin();
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
    const uint32_t *p = pin(at.v, false);
    if (p)
        *value = __atomic_load_n(p, __ATOMIC_SEQ_CST);
    unpin();
    return p ? 0 : -EFAULT;
}

int
uaccess_exchange(uaddr_t at, uint32_t *expected, uint32_t desired)
{
    uint32_t *p = pin_faulted(at.v, true);
    if (!p)
        return -EFAULT;
    bool same = __atomic_compare_exchange_n(p, expected, desired, false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    unpin();
    return same ? 0 : -EAGAIN;
}
