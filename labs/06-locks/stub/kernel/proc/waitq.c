#include "proc/waitq.h"
#include "arch/clock.h"
#include "lib/todo.h"
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

/* Puts the running thread into the queue, behind all others, and says to the
 * scheduler that it is about to sleep (sched_prepare_sleep). From here on a
 * wake-up keeps it awake, although it still runs: which of the two may a waker
 * not see without the other? */
static void
enter(struct waitq *wq, struct waiter *waiter, bool interruptible)
{
    LAB_TODO(6);
}

/* Takes the waiter off the queue if it is still there. Returns whether somebody
 * had woken the thread through the queue; kernel/lib/list.h says how one asks a
 * node that. */
static bool
leave(struct waitq *wq, struct waiter *waiter)
{
    LAB_TODO(6);
}

/* Four steps and their mirror image: enter the queue, let the lock go, give up
 * the hart (sched_switch), come back. A signal does not end this sleep. */
NO_LOCK_CHECK void
waitq_sleep(struct waitq *wq, struct spinlock *lock)
{
    LAB_TODO(6);
}

/* ---- Sleep that ends for other reasons ---- */

struct alarm {
    struct timer timer;
    struct thread *thread;
};

static void
ring(struct timer *timer)
{
    sched_wake(container_of(timer, struct alarm, timer)->thread);
}

/* The sleep that the thread has prepared for, until the deadline: with a struct
 * alarm on the stack, unless the deadline is WAIT_FOREVER. A signal that is
 * pending already wakes nobody any more: then it does not sleep
 * (sched_cancel_sleep). No timer may be left when this returns. */
static void
sleep_prepared(uint64_t deadline_ns)
{
    LAB_TODO(6);
}

/* What waitq_sleep_until returns: 0, -EINTR or -ETIMEDOUT. Several may be true
 * at the same time; a wake-up that was for this thread, no other thread gets.
 */
static int
why_awake(bool woken, uint64_t deadline_ns)
{
    LAB_TODO(6);
}

/* As waitq_sleep, with sleep_prepared in place of sched_switch. */
NO_LOCK_CHECK int
waitq_sleep_until(struct waitq *wq, struct spinlock *lock, uint64_t deadline_ns)
{
    LAB_TODO(6);
}

/* ---- Several queues at once ---- */

/* Only enters the queue: the thread does not sleep yet, and may go on to enter
 * others. */
void
waitq_enter(struct waitq *wq, struct waiter *waiter, bool *woken)
{
    LAB_TODO(6);
}

void
waitq_leave(struct waitq *wq, struct waiter *waiter)
{
    LAB_TODO(6);
}

/* There is no lock that would keep the wakers away while this looks at *woken.
 * Two steps in the right order do instead; wake_first_locked has the same two
 * the other way round. */
int
waitq_sleep_woken(const bool *woken, uint64_t deadline_ns)
{
    LAB_TODO(6);
}

/* ---- Wake-ups ---- */

/* Takes the first waiter off the queue, sets its flag if it has one, and wakes
 * its thread. Returns false if nobody waits. Called under the queue's lock: why
 * is the waiter, which is on its thread's stack, still there? The thread's look
 * at *woken and sched_wake's look at the thread's state are in the other order
 * (waitq_sleep_woken), so a full fence belongs between flag and wake-up. */
static bool
wake_first_locked(struct waitq *wq)
{
    LAB_TODO(6);
}

void
waitq_wake_one(struct waitq *wq)
{
    LAB_TODO(6);
}

void
waitq_wake_all(struct waitq *wq)
{
    LAB_TODO(6);
}

/* A thread that nobody else knows of needs a queue and a lock all the same, of
 * RANK_COMPLETION: on the stack, and used like any other. */
int
waitq_sleep_alone(uint64_t deadline_ns)
{
    LAB_TODO(6);
}
