/* Mutual exclusion for long sections whose holder may sleep.
 *
 * Thread context only, no spin lock held. Ranks as in sync/rank.h. */
#pragma once

#include "proc/waitq.h"

struct LOCK_TYPE("sleeplock") sleeplock {
    /* constant after init */
    enum lock_rank rank;

    struct spinlock lock;
    struct waitq waitq;

    /* guarded by lock */
    const void *owner; /* the holding thread, NULL while free */
};

#define SLEEPLOCK_INIT(name, lock_rank)                     \
    {                                                       \
        .rank = (lock_rank),                                \
        .lock = SPINLOCK_INIT("sleeplock", RANK_SLEEPLOCK), \
        .waitq = WAITQ_INIT((name).waitq)                   \
    }

void sleeplock_init(struct sleeplock *sl, enum lock_rank rank);
void sleeplock_lock(struct sleeplock *sl) ACQUIRES(sl);
void sleeplock_unlock(struct sleeplock *sl) RELEASES(sl);

/* As spin_guard. */
#define sleeplock_guard(sl)            \
    UNUSED AT_END(sleeplock_guard_end) \
    struct sleeplock *UNIQUE(guard_) = sleeplock_guard_begin(sl)

static ALWAYS_INLINE struct sleeplock *
sleeplock_guard_begin(struct sleeplock *sl) NO_LOCK_CHECK HOLDS(sl)
{
    sleeplock_lock(sl);
    return sl;
}

static ALWAYS_INLINE void
sleeplock_guard_end(struct sleeplock **sl) NO_LOCK_CHECK
{
    sleeplock_unlock(*sl);
}

/* Whether the current thread holds it; for assertions. */
bool sleeplock_held(const struct sleeplock *sl);
