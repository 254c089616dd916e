/* Reference counts that need no lock.
 *
 * Owns nothing; any context. Only who holds a reference may add one. */
#pragma once

#include "lib/compiler.h"

static inline void
refcount_add(uint32_t *refs)
{
    __atomic_fetch_add(refs, 1, __ATOMIC_RELAXED);
}

/* Adds one unless there are none: then false, the object is going. */
static inline bool MUST_CHECK
refcount_try_add(uint32_t *refs)
{
    uint32_t old = __atomic_load_n(refs, __ATOMIC_RELAXED);
    while (old > 0)
        if (__atomic_compare_exchange_n(refs, &old, old + 1, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return true;
    return false;
}

/* Drops one reference. Returns whether it was the last: then all that other
 * holders did before is visible, and the object is the caller's to free. */
static inline bool MUST_CHECK
refcount_drop(uint32_t *refs)
{
    return __atomic_fetch_sub(refs, 1, __ATOMIC_ACQ_REL) == 1;
}

/* What holders did before they let go, and are no longer counted, is
 * visible. */
static inline uint32_t
refcount_read(const uint32_t *refs)
{
    return __atomic_load_n(refs, __ATOMIC_ACQUIRE);
}
