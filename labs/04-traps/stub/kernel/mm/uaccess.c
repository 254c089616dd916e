#include "mm/uaccess.h"
#include "abi/mman.h"
#include "arch/barrier.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/space.h"

/* The kernel's address of va in the running thread's space, for an access that
 * its page allows as it is, by a walk of your own [riscv-priv §4.3.2]; NULL
 * otherwise. Programs' addresses end at USER_END, and their pages have U.
 *
 * It may be used until unpin, which must follow soon, in either case: meanwhile
 * mm/shootdown.c waits, if this hart's `copying` says which space it is in.
 * That is to be said before the walk begins; what has to stand between? */
static void *
pin(uint64_t va, bool write)
{
    LAB_TODO(4);
}

/* All that was done with the page is done before this is seen. */
static void
unpin(void)
{
    LAB_TODO(4);
}

/* The same, with the page faulted in until the access is allowed: space_fault
 * does what it would do for the program, and may sleep. NULL if it cannot. */
static void *
pin_faulted(uint64_t va, bool write)
{
    LAB_TODO(4);
}

static size_t
bytes_to_page_end(uint64_t va, size_t n)
{
    return MIN(n, PAGE_SIZE - va % PAGE_SIZE);
}

/* Page by page, faulting in what is missing. Returns 0 or -EFAULT. */
static int
copy_pages(uint64_t va, char *kernel, size_t n, bool write)
{
    LAB_TODO(4);
}

/* What is in one page that is simply there. */
static bool
copy_at_once(uint64_t va, char *kernel, size_t n, bool write)
{
    LAB_TODO(4);
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

/* no_waiting of the thread tells space_fault that it must not wait. */
int
uaccess_read_now(void *dst, uaddr_t src, size_t n)
{
    LAB_TODO(4);
}

int
uaccess_write(uaddr_t dst, const void *src, size_t n)
{
    return likely(uaccess_write_at_once(dst, src, n))
               ? 0
               : copy_pages(dst.v, (char *)(uintptr_t)src, n, true);
}

/* The next page is looked at only if the string goes on there. */
int64_t
uaccess_read_string(char *dst, uaddr_t src, size_t size)
{
    LAB_TODO(4);
}

/* One load; nothing is brought in. */
int
uaccess_peek(uint32_t *value, uaddr_t at)
{
    LAB_TODO(4);
}

/* One atomic step on the page itself [riscv-unpriv §8]; other harts do the
 * same. */
int
uaccess_exchange(uaddr_t at, uint32_t *expected, uint32_t desired)
{
    LAB_TODO(4);
}
