/* Wait queues: where threads sleep until a condition holds.
 *
 * The condition belongs to the caller and is guarded by the caller's spin
 * lock; the queue itself by a lock of its own. The sleeper tests its
 * condition and calls waitq_sleep under its lock, the waker changes the
 * condition under the same lock: no wake-up is lost in between. waitq_wake*
 * may be called from any context, interrupt handlers included; waitq_sleep*
 * only where a thread may block, with no other spin lock held.
 *
 *     spin_lock(&pipe->lock);
 *     while (pipe->used == 0)
 *         waitq_sleep(&pipe->readers, &pipe->lock);
 */
#pragma once

#include "lib/list.h"
#include "sync/spinlock.h"

struct thread;

struct waitq {
    struct spinlock lock;
    /* guarded by lock */
    struct list_node waiters; /* struct waiter.node, first come first */
    /* atomic: counted by waitq_notify */
    uint32_t events;
};

/* A thread in a queue, in its owner's memory. */
struct waiter {
    struct list_node node;
    struct thread *thread;
    bool *woken; /* NULL, or to be set on waking: waits for several queues */
};

#define WAITQ_INIT(name)                            \
    {                                               \
        .lock = SPINLOCK_INIT("waitq", RANK_WAITQ), \
        .waiters = LIST_INIT((name).waiters)        \
    }

#define WAIT_FOREVER UINT64_MAX

void waitq_init(struct waitq *wq);

/* Releases lock, sleeps until woken, takes lock again. The caller tests its
 * condition again: wake-ups may be spurious. */
void waitq_sleep(struct waitq *wq, struct spinlock *lock) REQUIRES(lock);

/* As waitq_sleep, but ends early with -EINTR when a signal is pending for
 * the thread, or -ETIMEDOUT at deadline_ns (clock_now_ns() time,
 * WAIT_FOREVER for none). Returns 0 when woken. */
MUST_CHECK int waitq_sleep_until(struct waitq *wq, struct spinlock *lock,
                                 uint64_t deadline_ns) REQUIRES(lock);

/* Sleeps until deadline_ns. Returns 0, or -EINTR when a signal is pending. */
int waitq_sleep_alone(uint64_t deadline_ns) MUST_CHECK;

/* Wakes the longest waiter, or all. */
void waitq_wake_one(struct waitq *wq);
void waitq_wake_all(struct waitq *wq);

/* As waitq_wake_all, and nearly free if nobody waits: the caller holds, or held
 * when it changed the condition, the lock under which sleepers test it.
 * waitq_notify also counts an event, for edge-triggered waits. */
static inline void
waitq_wake_any(struct waitq *wq)
{
    if (READ_ONCE(wq->waiters.next) != &wq->waiters)
        waitq_wake_all(wq);
}

static inline void
waitq_notify(struct waitq *wq)
{
    WRITE_ONCE(wq->events, wq->events + 1);
    waitq_wake_any(wq);
}

/* For waits on several queues at once (fs/poll.h). From waitq_enter on, a
 * wake-up of wq sets *woken and wakes the running thread, once; it must leave
 * before waiter goes away. waitq_sleep_woken sleeps until *woken is set.
 * Returns as waitq_sleep_until. */
void waitq_enter(struct waitq *wq, struct waiter *waiter, bool *woken);
void waitq_leave(struct waitq *wq, struct waiter *waiter);
MUST_CHECK int waitq_sleep_woken(const bool *woken, uint64_t deadline_ns);
