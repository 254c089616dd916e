/* The only way in and out of user memory.
 *
 * Copies between the kernel and the current address space, by a software
 * walk over the direct map: no sstatus.SUM, whose toggling would flush
 * QEMU's TLB each time. Pages are faulted in, and copy-on-write broken, as
 * the user's own access would. Thread context, may block; no spin lock held. */
#pragma once

#include "lib/compiler.h"

/* A user address: never dereferenced, never mixed up with a kernel pointer.
 * (The one typedef that is not an integer.) */
typedef struct {
    uint64_t v;
} uaddr_t;

static inline uaddr_t
uaddr(uint64_t v)
{
    return (uaddr_t){v};
}

static inline uaddr_t
uaddr_add(uaddr_t a, uint64_t n)
{
    return (uaddr_t){a.v + n};
}

/* Copies n bytes. Returns 0, or -EFAULT if any byte is not accessible (a
 * prefix may have been copied). */
int uaccess_read(void *dst, uaddr_t src, size_t n) MUST_CHECK;
int uaccess_write(uaddr_t dst, const void *src, size_t n) MUST_CHECK;

/* The same for bytes within one page that is there and allows it as it is:
 * return whether they were copied. Any context, also with spin locks held. */
bool uaccess_read_at_once(void *dst, uaddr_t src, size_t n) MUST_CHECK;
bool uaccess_write_at_once(uaddr_t dst, const void *src, size_t n) MUST_CHECK;

/* As uaccess_read for who holds a lock that stands in the way of reading a
 * file: -EFAULT, too, if bytes are in pages of a file that are not there. */
int uaccess_read_now(void *dst, uaddr_t src, size_t n) MUST_CHECK;

/* Copies a string with its terminator into dst of size bytes.
 * Returns its length, -EFAULT, or -ENAMETOOLONG if no terminator is among
 * the first size bytes. */
int64_t uaccess_read_string(char *dst, uaddr_t src, size_t size) MUST_CHECK;

/* Reads an aligned word as a whole, and without bringing its page in: any
 * context, also with a lock of a lower rank than the space's. Returns 0, or
 * -EFAULT: uaccess_read may help. */
int uaccess_peek(uint32_t *value, uaddr_t at) MUST_CHECK;

/* Replaces an aligned word that is *expected by `desired`, as one step.
 * Returns 0, -EAGAIN with what it is in *expected, or -EFAULT. */
int uaccess_exchange(uaddr_t at, uint32_t *expected, uint32_t desired)
    MUST_CHECK;
