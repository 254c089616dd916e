/* Sleep and wake-up on one hart, where threads run until they give it up: so
 * each interleaving is one that the test chose.
 *
 * Calls out of the files under test come by here. Each is a point at which
 * another hart could act: at the one that the question names it does, provided
 * that nobody holds the locks it needs. */
#include "grade.h"
#include "abi/errno.h"
#include "arch/clock.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "proc/completion.h"
#include "proc/sched.h"
#include "proc/sleeplock.h"
#include "proc/timer.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define ACTORS   8
#define TURNS    24     /* enough for all others to get as far as they can */
#define SHORT_NS 200000 /* a deadline that the test waits for */

static struct spinlock lock;
static struct waitq queue, other_queue;
static bool cond;                     /* guarded by lock */
static struct completion *completion; /* on the stack of who waits for it */

/* ---- What other files call ---- */

static struct thread *watched; /* whose points count; NULL: nobody's */
static void (*event)(void);    /* what happens at the point */
static unsigned at, points;    /* which, and how many there have been */
static const char *where;      /* it was */
static bool happened, inside;
static const struct timer *alarm; /* set by who is watched, not taken back */
static uint64_t signalled; /* a bit for each actor with a signal pending */
static unsigned strange;   /* wake-ups of what is no thread of ours */
static bool unsaid;        /* a thread was woken, and *woken not yet set */

static void send_signal(void);

/* Whether another hart would have to wait for one of the locks. */
static bool
must_wait(void)
{
    if (event == send_signal)
        return false;
    const struct completion *c = completion;
    return lock.locked || queue.lock.locked || other_queue.lock.locked ||
           (c && (c->lock.locked || c->waitq.lock.locked));
}

static void
point(const char *here)
{
    if (thread_current() != watched || inside || happened ||
        this_cpu()->in_interrupt)
        return;
    if (points++ < at || must_wait() || !event)
        return;
    happened = inside = true;
    where = here;
    event();
    inside = false;
}

// WRAP: spin_lock spin_unlock sched_prepare_sleep sched_cancel_sleep
// WRAP: sched_switch sched_wake timer_set timer_cancel signal_pending

/* Calls f, with a point before it and one behind it. */
#define PASS(f, parameters, arguments)                      \
    void __real_##f parameters;                             \
    void __wrap_##f parameters;                             \
    void __wrap_##f parameters                              \
    {                                                       \
        bool mine = thread_current() == watched && !inside; \
        point("before " #f);                                \
        inside |= mine;                                     \
        __real_##f arguments;                               \
        inside &= !mine;                                    \
        point("behind " #f);                                \
    }

PASS(spin_lock, (struct spinlock * l), (l))
PASS(spin_unlock, (struct spinlock * l), (l))
PASS(sched_prepare_sleep, (bool interruptible), (interruptible))
PASS(sched_cancel_sleep, (void), ())
PASS(sched_switch, (void), ())

void __real_timer_set(struct timer *timer, uint64_t deadline_ns);
void __wrap_timer_set(struct timer *timer, uint64_t deadline_ns);
void __real_timer_cancel(struct timer *timer);
void __wrap_timer_cancel(struct timer *timer);
bool __real_signal_pending(void);
bool __wrap_signal_pending(void);
void __real_sched_wake(struct thread *thread);
void __wrap_sched_wake(struct thread *thread);

void
__wrap_timer_set(struct timer *timer, uint64_t deadline_ns)
{
    bool mine = thread_current() == watched && !inside;
    if (mine)
        alarm = timer;
    point("before timer_set");
    inside |= mine;
    __real_timer_set(timer, deadline_ns);
    inside &= !mine;
    point("behind timer_set");
}

void
__wrap_timer_cancel(struct timer *timer)
{
    bool mine = thread_current() == watched && !inside;
    if (timer == alarm)
        alarm = NULL;
    point("before timer_cancel");
    inside |= mine;
    __real_timer_cancel(timer);
    inside &= !mine;
    point("behind timer_cancel");
}

/* ---- Actors: threads that do what they are told ---- */

enum how {
    HOW_SLEEP,    /* waitq_sleep */
    HOW_UNTIL,    /* waitq_sleep_until */
    HOW_SEVERAL,  /* waitq_enter for two queues, waitq_sleep_woken */
    HOW_COMPLETE, /* completion_wait */
    HOW_ALONE,    /* waitq_sleep_alone */
};

static struct actor {
    struct thread *thread;
    enum how how;
    uint64_t deadline;
    bool once;   /* return from the first sleep, whatever the condition says */
    bool points; /* its points count */
    bool finished; /* and waits to be let go */
    bool quit;
    bool had_lock;   /* when the sleep was over */
    unsigned sleeps; /* calls of the function under test */
    bool alarm_left; /* set when the sleep was over, and before its time */
    int result;
    bool woken;
} actors[ACTORS];

static struct actor *
actor_of(const struct thread *thread)
{
    for (unsigned i = 0; i < ACTORS; i++)
        if (actors[i].thread == thread && thread)
            return &actors[i];
    return NULL;
}

bool
__wrap_signal_pending(void)
{
    const struct actor *a = actor_of(thread_current());
    if (a)
        return signalled >> (a - actors) & 1;
    return __real_signal_pending();
}

void
__wrap_sched_wake(struct thread *thread)
{
    bool mine = thread_current() == watched && !inside;
    if (!watched || inside || this_cpu()->in_interrupt) {
        __real_sched_wake(thread);
        return;
    }
    const struct actor *a = actor_of(thread);
    if (!a) {
        strange++;
        return;
    }
    if (a->how == HOW_SEVERAL && !READ_ONCE(a->woken))
        unsaid = true;
    inside |= mine;
    __real_sched_wake(thread);
    inside &= !mine;
}

/* What was on the stack is gone. */
static NOINLINE void
scribble(void)
{
    volatile uint8_t bytes[1024];
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0xa5;
}

static NOINLINE void
sleep_in_queue(struct actor *a)
{
    spin_lock(&lock);
    if (a->points)
        watched = thread_current();
    while (!cond && a->sleeps < 4) {
        a->sleeps++;
        if (a->how == HOW_UNTIL)
            a->result = waitq_sleep_until(&queue, &lock, a->deadline);
        else
            waitq_sleep(&queue, &lock);
        a->alarm_left |= alarm && clock_now_ns() < a->deadline;
        if (a->once || a->result != 0)
            break;
    }
    if (a->points)
        watched = NULL;
    a->had_lock = lock.locked && lock.owner == this_cpu();
    if (a->had_lock)
        spin_unlock(&lock);
}

static NOINLINE void
sleep_for_several(struct actor *a)
{
    struct waiter one, two;
    a->woken = false;
    waitq_enter(&queue, &one, &a->woken);
    waitq_enter(&other_queue, &two, &a->woken);
    if (a->points)
        watched = thread_current();
    while (!READ_ONCE(a->woken) && a->result == 0 && a->sleeps++ < 4)
        a->result = waitq_sleep_woken(&a->woken, a->deadline);
    waitq_leave(&queue, &one);
    waitq_leave(&other_queue, &two);
    if (a->points)
        watched = NULL;
    a->had_lock = READ_ONCE(a->woken);
}

static NOINLINE void
sleep_to_completion(struct actor *a)
{
    struct completion c;
    completion_init(&c);
    completion = &c;
    if (a->points)
        watched = thread_current();
    completion_wait(&c);
    if (a->points)
        watched = NULL;
    a->had_lock = c.done && !c.lock.locked;
    completion = NULL;
}

/* What happens to a thread that has returned reaches nobody any more. */
static void
wait_to_be_let_go(struct actor *a)
{
    while (!READ_ONCE(a->quit)) {
        sched_prepare_sleep(false);
        if (!READ_ONCE(a->quit))
            sched_switch();
        else
            sched_cancel_sleep();
    }
}

static void
act(void *arg)
{
    struct actor *a = arg;
    if (a->how == HOW_SEVERAL)
        sleep_for_several(a);
    else if (a->how == HOW_COMPLETE)
        sleep_to_completion(a);
    else if (a->how == HOW_ALONE)
        a->result = waitq_sleep_alone(a->deadline);
    else
        sleep_in_queue(a);
    scribble();
    sched_yield(); /* who is still about to sleep does not come back */
    a->finished = true;
    wait_to_be_let_go(a);
}

static void
settle(void)
{
    for (unsigned i = 0; i < TURNS; i++)
        sched_yield();
}

static void
start(struct actor *a, enum how how, uint64_t deadline)
{
    *a = (struct actor){.how = how, .deadline = deadline};
    a->thread = thread_create("actor", act, a);
    if (!a->thread)
        panic("grade: no memory for a thread");
}

static void
begin(void)
{
    memset(actors, 0, sizeof(actors));
    spin_init(&lock, "condition", RANK_PIPE);
    waitq_init(&queue);
    waitq_init(&other_queue);
    cond = happened = inside = unsaid = false;
    where = "";
    watched = NULL;
    alarm = NULL;
    event = NULL;
    completion = NULL;
    points = at = strange = 0;
    signalled = 0;
}

/* Those that sleep for ever stay behind; nobody knows them any more. */
static void
end(void)
{
    watched = NULL;
    for (unsigned i = 0; i < ACTORS; i++)
        if (actors[i].finished) {
            WRITE_ONCE(actors[i].quit, true);
            sched_wake(actors[i].thread);
        }
    settle();
}

static void
pass_time(uint64_t until)
{
    while (clock_now_ns() <= until)
        sched_yield();
}

/* ---- What another hart does ---- */

static void
wake_one(void)
{
    spin_lock(&lock);
    cond = true;
    waitq_wake_one(&queue);
    spin_unlock(&lock);
}

static void
wake_all(void)
{
    spin_lock(&lock);
    cond = true;
    waitq_wake_all(&queue);
    spin_unlock(&lock);
}

/* The condition has changed, and its lock is free, before the wake-up. */
static void
wake_one_afterwards(void)
{
    spin_lock(&lock);
    cond = true;
    spin_unlock(&lock);
    waitq_wake_one(&queue);
}

static void
wake_all_afterwards(void)
{
    spin_lock(&lock);
    cond = true;
    spin_unlock(&lock);
    waitq_wake_all(&queue);
}

static void
wake_other_queue(void)
{
    waitq_wake_all(&other_queue);
}

static void
send_signal(void)
{
    signalled = 1;
    sched_interrupt(actors[0].thread);
}

static void
wake_for_nothing(void)
{
    __real_sched_wake(actors[0].thread);
}

static void
complete(void)
{
    if (completion)
        completion_signal(completion);
}

static void
let_time_pass(void)
{
    uint64_t end = actors[0].deadline;
    while (end != WAIT_FOREVER && clock_now_ns() <= end)
        ;
    wake_one();
}

static void (*const events[])(void) = {
    wake_one,         wake_all,      wake_other_queue,    send_signal,
    complete,         let_time_pass, wake_one_afterwards, wake_all_afterwards,
    wake_for_nothing,
};

/* One thread sleeps: how, until when, at which point which event comes. An
 * event that has not come when all rests comes then. */
static void
one(struct grade *g)
{
    struct actor *a = &actors[0];
    begin();
    enum how how = grade_u8(g);
    bool short_deadline = grade_u8(g) != 0;
    event = events[grade_u8(g) % ARRAY_LEN(events)];
    at = grade_u32(g);
    start(a, how, WAIT_FOREVER);
    if (short_deadline)
        a->deadline = clock_now_ns() + SHORT_NS;
    a->points = true;
    sched_start(a->thread);
    settle();
    bool early = happened;
    if (!happened && !a->finished) {
        happened = true;
        watched = NULL;
        event();
        settle();
    }
    bool finished = a->finished;
    if (short_deadline) {
        pass_time(a->deadline);
        settle();
    }
    grade_put_string(g, early ? where : "");
    grade_put_u8(g, finished);
    grade_put_u8(g, a->had_lock);
    grade_put_u32(g, (uint32_t)a->result);
    grade_put_u8(g, !list_is_empty(&queue.waiters));
    grade_put_u8(g, a->alarm_left);
    grade_put_u32(g, a->sleeps);
    end();
}

/* The waker's side: at one of its points the sleeper, which has been woken for
 * another reason, sees that it may go, and its stack is used for something
 * else. */
static void
let_it_go(void)
{
    __real_sched_wake(actors[0].thread);
    settle();
}

static void
waker(struct grade *g)
{
    struct actor *a = &actors[0];
    begin();
    enum how how = grade_u8(g);
    unsigned what = grade_u8(g);
    start(a, how, WAIT_FOREVER);
    sched_start(a->thread);
    settle();
    event = let_it_go;
    at = grade_u32(g);
    points = 0;
    watched = thread_current();
    events[what % ARRAY_LEN(events)]();
    bool early = happened;
    watched = NULL;
    settle();
    grade_put_u8(g, early);
    grade_put_u8(g, a->finished);
    grade_put_u32(g, strange);
    grade_put_u8(g, unsaid);
    end();
}

/* ---- Many threads and one queue ---- */

static void
start_next(unsigned i, enum how how, uint64_t deadline)
{
    start(&actors[i], how, deadline);
    actors[i].once = true;
    sched_start(actors[i].thread);
}

/* Operations, one letter each, each with a number: what of it has finished,
 * after each of them, as bits. */
static void
many(struct grade *g)
{
    begin();
    for (const char *op = grade_string(g); *op; op++) {
        unsigned i = grade_u8(g) % ACTORS;
        uint64_t soon = clock_now_ns() + SHORT_NS;
        uint32_t finished = 0;
        if (*op == 's')
            start_next(i, HOW_SLEEP, WAIT_FOREVER);
        else if (*op == 'u')
            start_next(i, HOW_UNTIL, WAIT_FOREVER);
        else if (*op == 'm')
            start_next(i, HOW_SEVERAL, WAIT_FOREVER);
        else if (*op == 'd')
            start_next(i, HOW_UNTIL, soon);
        else if (*op == '1')
            waitq_wake_one(&queue);
        else if (*op == '*')
            waitq_wake_all(&queue);
        else if (*op == '2')
            waitq_wake_one(&other_queue);
        else if (*op == 'i') {
            signalled |= 1u << i;
            sched_interrupt(actors[i].thread);
        }
        settle();
        if (*op == 'd') {
            pass_time(soon);
            settle();
        }
        for (unsigned n = 0; n < ACTORS; n++)
            finished |= (uint32_t)actors[n].finished << n;
        grade_put_u32(g, finished);
        grade_put_u32(g, (uint32_t)actors[i].result);
    }
    end();
}

/* Until when waitq_sleep_alone sleeps: 0 for a time that is over, 1 soon, and 2
 * for ever, with a signal. */
static void
alone(struct grade *g)
{
    struct actor *a = &actors[0];
    begin();
    unsigned which = grade_u8(g);
    uint64_t now = clock_now_ns();
    uint64_t until = which == 0   ? 0
                     : which == 1 ? now + SHORT_NS
                                  : WAIT_FOREVER;
    start(a, HOW_ALONE, until);
    sched_start(a->thread);
    settle();
    bool at_once = a->finished && clock_now_ns() < now + SHORT_NS;
    if (which == 1) {
        __real_sched_wake(a->thread); /* for no reason */
        settle();
        at_once |= a->finished && clock_now_ns() < until;
        pass_time(until);
    } else if (which == 2) {
        send_signal();
    }
    settle();
    grade_put_u8(g, at_once);
    grade_put_u8(g, a->finished);
    grade_put_u32(g, (uint32_t)a->result);
    end();
}

GRADE_CASES({"one", one}, {"waker", waker}, {"many", many}, {"alone", alone});
