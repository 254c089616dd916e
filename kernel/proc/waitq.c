#include "proc/waitq.h"
#include "abi/errno.h"
#include "arch/clock.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/timer.h"

/* One sleeping thread, on its own stack. */
struct waiter {
    struct list_node node;
    struct thread *thread;
    struct timer alarm;
};

void
waitq_init(struct waitq *wq)
{
    spin_init(&wq->lock, "waitq", RANK_WAITQ);
    list_init(&wq->waiters);
}

/* Queues the running thread; from here on a wake-up keeps it awake. */
static void
enter(struct waitq *wq, struct waiter *waiter, bool interruptible)
{
    waiter->thread = thread_current();
    spin_lock(&wq->lock);
    list_push_back(&wq->waiters, &waiter->node);
    sched_prepare_sleep(interruptible);
    spin_unlock(&wq->lock);
}

/* Returns whether somebody had woken the thread through the queue. */
static bool
leave(struct waitq *wq, struct waiter *waiter)
{
    spin_lock(&wq->lock);
    bool woken = list_is_empty(&waiter->node);
    list_del(&waiter->node);
    spin_unlock(&wq->lock);
    return woken;
}

NO_LOCK_CHECK void
waitq_sleep(struct waitq *wq, struct spinlock *lock)
{
    struct waiter waiter;
    enter(wq, &waiter, false);
    spin_unlock(lock);
    sched_switch();
    leave(wq, &waiter);
    spin_lock(lock);
}

static void
ring(struct timer *timer)
{
    sched_wake(container_of(timer, struct waiter, alarm)->thread);
}

NO_LOCK_CHECK int
waitq_sleep_until(struct waitq *wq, struct spinlock *lock, uint64_t deadline_ns)
{
    struct waiter waiter;
    enter(wq, &waiter, true);
    spin_unlock(lock);
    timer_init(&waiter.alarm, ring);
    if (deadline_ns != WAIT_FOREVER)
        timer_set(&waiter.alarm, deadline_ns);
    if (signal_pending())
        sched_cancel_sleep();
    sched_switch();
    if (deadline_ns != WAIT_FOREVER)
        timer_cancel(&waiter.alarm);
    bool woken = leave(wq, &waiter);
    spin_lock(lock);
    if (woken)
        return 0;
    if (signal_pending())
        return -EINTR;
    return clock_now_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

/* Called under the queue's lock, which the waiter takes before it returns:
 * its stack frame is still there. */
static bool
wake_first_locked(struct waitq *wq)
{
    struct list_node *node = list_pop_front(&wq->waiters);
    if (node)
        sched_wake(list_entry(node, struct waiter, node)->thread);
    return node != NULL;
}

void
waitq_wake_one(struct waitq *wq)
{
    spin_lock(&wq->lock);
    wake_first_locked(wq);
    spin_unlock(&wq->lock);
}

void
waitq_wake_all(struct waitq *wq)
{
    spin_lock(&wq->lock);
    while (wake_first_locked(wq))
        ;
    spin_unlock(&wq->lock);
}

int
waitq_sleep_alone(uint64_t deadline_ns)
{
    struct spinlock lock = SPINLOCK_INIT("sleep", RANK_COMPLETION);
    struct waitq nobody;
    int error = 0;
    waitq_init(&nobody);
    spin_lock(&lock);
    while (error != -EINTR && clock_now_ns() < deadline_ns)
        error = waitq_sleep_until(&nobody, &lock, deadline_ns);
    spin_unlock(&lock);
    return error == -EINTR ? -EINTR : 0;
}
