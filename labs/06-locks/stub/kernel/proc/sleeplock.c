#include "proc/sleeplock.h"
#include "lib/panic.h"
#include "lib/todo.h"
#include "proc/thread.h"

void
sleeplock_init(struct sleeplock *sl, enum lock_rank rank)
{
    assert(rank < RANK_SPIN);
    sl->rank = rank;
    sl->owner = NULL;
    spin_init(&sl->lock, "sleeplock", RANK_SLEEPLOCK);
    waitq_init(&sl->waitq);
}

static bool
holds_rank(const struct thread *thread, enum lock_rank rank)
{
    for (unsigned i = 0; i < thread->nheld; i++)
        if (thread->held[i]->rank == rank)
            return true;
    return false;
}

/* Panics if the thread may not take this lock: it has it already, it holds
 * THREAD_HELD_MAX, or the rank is not higher than that of the last one it took.
 * But who holds a lock of RANK_NAMES may take several of RANK_INODE. */
static void
check_order(const struct thread *thread, const struct sleeplock *sl)
{
    LAB_TODO(6);
}

/* Sleeps until nobody owns the lock, and owns it; notes that in thread->held.
 */
NO_LOCK_CHECK void
sleeplock_lock(struct sleeplock *sl)
{
    LAB_TODO(6);
}

/* Takes it out of thread->held, wherever it is there, and wakes who has waited
 * longest. Panics if the running thread does not own it. */
NO_LOCK_CHECK void
sleeplock_unlock(struct sleeplock *sl)
{
    LAB_TODO(6);
}

bool
sleeplock_held(const struct sleeplock *sl)
{
    LAB_TODO(6);
}
