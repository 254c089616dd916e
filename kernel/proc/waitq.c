#include "proc/waitq.h"
#include "arch/clock.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "proc/timer.h"

void
waitq_init(struct waitq *wq)
{
    spin_init(&wq->lock, "waitq", RANK_WAITQ);
    list_init(&wq->waiters);
    wq->events = 0;
}

/* Queues the running thread; from here on a wake-up keeps it awake. */
static void
enter(struct waitq *wq, struct waiter *waiter, bool interruptible)
{
    waiter->thread = thread_current();
    waiter->woken = NULL;
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

struct alarm {
    struct timer timer;
    struct thread *thread;
};

static void
ring(struct timer *timer)
{
    sched_wake(container_of(timer, struct alarm, timer)->thread);
}

/* The sleep that the thread has prepared for, until the deadline. */
static void
sleep_prepared(uint64_t deadline_ns)
{
    struct alarm alarm = {.thread = thread_current()};
    timer_init(&alarm.timer, ring);
    if (deadline_ns != WAIT_FOREVER)
        timer_set(&alarm.timer, deadline_ns);
    if (signal_pending())
        sched_cancel_sleep();
    sched_switch();
    if (deadline_ns != WAIT_FOREVER)
        timer_cancel(&alarm.timer);
}

static int
why_awake(bool woken, uint64_t deadline_ns)
{
    if (woken)
        return 0;
    if (signal_pending())
        return -EINTR;
    return clock_now_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

NO_LOCK_CHECK int
waitq_sleep_until(struct waitq *wq, struct spinlock *lock, uint64_t deadline_ns)
{
    struct waiter waiter;
    enter(wq, &waiter, true);
    spin_unlock(lock);
    sleep_prepared(deadline_ns);
    bool woken = leave(wq, &waiter);
    spin_lock(lock);
    return why_awake(woken, deadline_ns);
}

void
waitq_enter(struct waitq *wq, struct waiter *waiter, bool *woken)
{
    waiter->thread = thread_current();
    waiter->woken = woken;
    spin_lock(&wq->lock);
    list_push_back(&wq->waiters, &waiter->node);
    spin_unlock(&wq->lock);
}

void
waitq_leave(struct waitq *wq, struct waiter *waiter)
{
    (void)leave(wq, waiter);
}

int
waitq_sleep_woken(const bool *woken, uint64_t deadline_ns)
{
    sched_prepare_sleep(true);
    /* The thread is seen to sleep before this looks; who wakes it sets *woken
     * before looking whether it sleeps. */
    if (READ_ONCE(*woken)) {
        sched_cancel_sleep();
        return 0;
    }
    sleep_prepared(deadline_ns);
    return why_awake(READ_ONCE(*woken), deadline_ns);
}

/* Called under the queue's lock, which the waiter takes before it returns:
 * its stack frame is still there. */
static bool
wake_first_locked(struct waitq *wq)
{
    struct list_node *node = list_pop_front(&wq->waiters);
    if (!node)
        return false;
    const struct waiter *waiter = list_entry(node, struct waiter, node);
    if (waiter->woken) {
        WRITE_ONCE(*waiter->woken, true);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    sched_wake(waiter->thread);
    return true;
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
