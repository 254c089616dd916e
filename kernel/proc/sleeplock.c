#include "proc/sleeplock.h"
#include "lib/panic.h"
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

/* Ranks of the sleep locks a thread holds rise, as spin locks' do. Inodes are
 * the exception (fs/inode.h): only who changes names may hold several. */
static void
check_order(const struct thread *thread, const struct sleeplock *sl)
{
    assert(READ_ONCE(sl->owner) != thread);
    if (thread->nheld == 0)
        return;
    assert(thread->nheld < THREAD_HELD_MAX);
    const struct sleeplock *last = thread->held[thread->nheld - 1];
    if (last->rank == RANK_INODE && sl->rank == RANK_INODE &&
        holds_rank(thread, RANK_NAMES))
        return;
    if (last->rank >= sl->rank)
        panic("lock order: sleep lock of rank %d taken while holding %d",
              sl->rank, last->rank);
}

NO_LOCK_CHECK void
sleeplock_lock(struct sleeplock *sl)
{
    struct thread *thread = thread_current();
    check_order(thread, sl);
    spin_lock(&sl->lock);
    while (sl->owner)
        waitq_sleep(&sl->waitq, &sl->lock);
    WRITE_ONCE(sl->owner, thread);
    spin_unlock(&sl->lock);
    thread->held[thread->nheld++] = sl;
}

NO_LOCK_CHECK void
sleeplock_unlock(struct sleeplock *sl)
{
    struct thread *thread = thread_current();
    unsigned i = thread->nheld;
    assert(sl->owner == thread);
    while (thread->held[--i] != sl)
        assert(i > 0);
    for (thread->nheld--; i < thread->nheld; i++)
        thread->held[i] = thread->held[i + 1];

    spin_lock(&sl->lock);
    WRITE_ONCE(sl->owner, NULL);
    waitq_wake_one(&sl->waitq);
    spin_unlock(&sl->lock);
}

bool
sleeplock_held(const struct sleeplock *sl)
{
    return READ_ONCE(sl->owner) == thread_current();
}
