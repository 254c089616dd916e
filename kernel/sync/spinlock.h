/* Mutual exclusion among harts, for short sections that do not sleep.
 *
 * A held lock keeps interrupts off on its hart, so handlers may take any
 * spin lock. Locks carry a rank (sync/rank.h): a build asserts that ranks
 * rise, that nobody takes a lock twice, and that only the holder unlocks. */
#pragma once

#include "lib/compiler.h"
#include "sync/rank.h"

struct cpu;

struct LOCK_TYPE("spinlock") spinlock {
    /* constant after init */
    const char *name;
    enum lock_rank rank;

    /* atomic */
    uint32_t locked;
    const struct cpu *owner; /* NULL while free */

    /* private to the owner */
    struct spinlock *before; /* what its hart took before this one */
};

#define SPINLOCK_INIT(lock_name, lock_rank)      \
    {                                            \
        .name = (lock_name), .rank = (lock_rank) \
    }

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank);

/* Spins until the lock is free. Not first come, first served: harts of an
 * emulator are threads of a host, and a queue would stand still whenever the
 * host does not run its head. Any context. */
void spin_lock(struct spinlock *lock) ACQUIRES(lock);

/* Interrupts come back on with the last lock released, if they were on
 * before the first was taken. */
void spin_unlock(struct spinlock *lock) RELEASES(lock);

/* Holds the lock to the end of the function, or of a loop's body, whichever way
 * leads out; what is returned is computed before. */
#define spin_guard(lock)          \
    UNUSED AT_END(spin_guard_end) \
    struct spinlock *UNIQUE(guard_) = spin_guard_begin(lock)

static ALWAYS_INLINE struct spinlock *
spin_guard_begin(struct spinlock *lock) NO_LOCK_CHECK HOLDS(lock)
{
    spin_lock(lock);
    return lock;
}

static ALWAYS_INLINE void
spin_guard_end(struct spinlock **lock) NO_LOCK_CHECK
{
    spin_unlock(*lock);
}

/* Whether this hart holds the lock; for assertions. */
bool spin_held(const struct spinlock *lock);
