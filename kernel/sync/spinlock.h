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

/* Whether this hart holds the lock; for assertions. */
bool spin_held(const struct spinlock *lock);
