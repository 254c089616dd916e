/* Several harts at once, each with a thread of its own. A thread that does not
 * get on is found by the one that looks on: nothing here waits for ever. */
#include "grade.h"
#include "arch/clock.h"
#include "lib/panic.h"
#include "proc/completion.h"
#include "proc/sched.h"
#include "proc/sleeplock.h"
#include "proc/timer.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define MOST     64
#define PATIENCE 3000 /* looks of a millisecond, without progress */
#define WORD_MIX 6364136223846793005ul

static unsigned finished; /* atomic: threads */
static uint64_t progress; /* atomic: counted by all */
static unsigned harts;    /* of this machine */
static void (*work)(unsigned hart);

static void
get_on(void)
{
    __atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
}

static void
run_work(void *arg)
{
    work((unsigned)(uintptr_t)arg);
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

struct nap {
    struct timer timer;
    struct thread *thread;
};

static void
end_nap(struct timer *timer)
{
    sched_wake(container_of(timer, struct nap, timer)->thread);
}

static void
nap_ms(unsigned ms)
{
    struct nap nap = {.thread = thread_current()};
    uint64_t end = clock_now_ns() + ms * 1000000ul;
    timer_init(&nap.timer, end_nap);
    while (clock_now_ns() < end) {
        sched_prepare_sleep(false);
        timer_set(&nap.timer, end);
        sched_switch();
        timer_cancel(&nap.timer);
    }
}

/* Runs function in n threads, on each hart in turn; puts whether all of them
 * came to the end, and how many there were. */
static void
run_threads(struct grade *g, void (*function)(unsigned number), unsigned n)
{
    uint64_t seen = UINT64_MAX;
    unsigned looks = 0;
    work = function;
    finished = 0;
    for (unsigned i = 0; i < n; i++) {
        struct thread *t =
            thread_create("grade", run_work, (void *)(uintptr_t)i);
        if (!t)
            panic("grade: no memory for a thread");
        sched_set_allowed(t, 1ul << i % harts);
        sched_start(t);
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < n &&
           looks < PATIENCE) {
        uint64_t now = __atomic_load_n(&progress, __ATOMIC_RELAXED);
        looks = now == seen ? looks + 1 : 0;
        seen = now;
        nap_ms(1);
    }
    grade_put_u8(g, finished == n);
    grade_put_u32(g, n);
}

static void
setup(void)
{
    harts = 0;
    for (uint64_t online = sched_online(); online; online &= online - 1)
        harts++;
}
GRADE_SETUP(setup);

/* ---- A sum ---- */

static uint64_t numbers[MOST], total;
static unsigned rounds, count;
static struct spinlock sum_lock = SPINLOCK_INIT("sum", RANK_PIPE);
static struct sleeplock sum_sleeplock =
    SLEEPLOCK_INIT(sum_sleeplock, RANK_FILE);

/* Reads, dawdles, and writes. */
static void
add(uint64_t number)
{
    uint64_t before = READ_ONCE(total);
    for (unsigned i = number & 7; i > 0; i--)
        cpu_relax();
    WRITE_ONCE(total, before + number);
    get_on();
}

static void
add_all(unsigned hart)
{
    for (unsigned r = 0; r < rounds; r++)
        for (unsigned i = 0; i < count; i++) {
            spin_lock(&sum_lock);
            add(numbers[(i + hart) % count]);
            spin_unlock(&sum_lock);
        }
}

static void
add_all_asleep(unsigned hart)
{
    for (unsigned r = 0; r < rounds; r++)
        for (unsigned i = 0; i < count; i++) {
            sleeplock_lock(&sum_sleeplock);
            uint64_t before = READ_ONCE(total);
            if (((i ^ hart) & 3) == 0)
                sched_yield();
            WRITE_ONCE(total, before + numbers[(i + hart) % count]);
            sleeplock_unlock(&sum_sleeplock);
            get_on();
        }
}

static void
read_numbers(struct grade *g)
{
    rounds = grade_u32(g);
    count = grade_u32(g);
    for (unsigned i = 0; i < count; i++)
        numbers[i] = grade_u64(g);
    total = 0;
}

static void
sum(struct grade *g)
{
    read_numbers(g);
    run_threads(g, add_all, harts);
    grade_put_u64(g, total);
}

static void
sum_asleep(struct grade *g)
{
    read_numbers(g);
    run_threads(g, add_all_asleep, 2 * harts);
    grade_put_u64(g, total);
}

/* ---- A bounded buffer ---- */

#define ROOM 3

static struct {
    struct spinlock lock;
    struct waitq not_empty, not_full;
    uint64_t item[ROOM];
    unsigned used, at;
    unsigned left; /* to be put, to be taken */
    unsigned to_take;
    uint64_t next, sum, sum_of_mixed;
} b;

static void
put_items(void)
{
    for (;;) {
        spin_lock(&b.lock);
        if (b.left == 0) {
            spin_unlock(&b.lock);
            return;
        }
        b.left--;
        while (b.used == ROOM)
            waitq_sleep(&b.not_full, &b.lock);
        b.next = b.next * WORD_MIX + 1442695040888963407ul;
        b.item[(b.at + b.used++) % ROOM] = b.next;
        waitq_wake_one(&b.not_empty);
        spin_unlock(&b.lock);
        get_on();
    }
}

static void
take_items(void)
{
    for (;;) {
        spin_lock(&b.lock);
        if (b.to_take == 0) {
            spin_unlock(&b.lock);
            return;
        }
        b.to_take--;
        while (b.used == 0)
            waitq_sleep(&b.not_empty, &b.lock);
        uint64_t item = b.item[b.at++ % ROOM];
        b.at %= ROOM;
        b.used--;
        waitq_wake_one(&b.not_full);
        b.sum += item;
        b.sum_of_mixed += item ^ item >> 29;
        spin_unlock(&b.lock);
        get_on();
    }
}

static void
put_or_take(unsigned number)
{
    if (number & 1)
        put_items();
    else
        take_items();
}

static void
buffer(struct grade *g)
{
    spin_init(&b.lock, "buffer", RANK_PIPE);
    waitq_init(&b.not_empty);
    waitq_init(&b.not_full);
    b.left = b.to_take = grade_u32(g);
    b.next = grade_u64(g);
    b.used = b.at = 0;
    b.sum = b.sum_of_mixed = 0;
    run_threads(g, put_or_take, 2 * harts);
    grade_put_u64(g, b.sum);
    grade_put_u64(g, b.sum_of_mixed);
}

/* ---- Completions: one side waits, the other says "done" ---- */

struct job {
    struct completion done;
    uint64_t number;
};
static struct desk {
    struct job *job;       /* atomic: what the other side is to do */
    struct thread *worker; /* atomic */
    bool over;             /* atomic: nobody will wake it any more */
    uint64_t result;
} desks[CPU_MAX];

static struct job *
next_job(struct desk *desk)
{
    struct job *job;
    for (;;) {
        sched_prepare_sleep(false);
        job = __atomic_exchange_n(&desk->job, NULL, __ATOMIC_SEQ_CST);
        if (job) {
            sched_cancel_sleep();
            return job;
        }
        sched_switch();
    }
}

static void
work_off(struct desk *desk)
{
    __atomic_store_n(&desk->worker, thread_current(), __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < rounds; i++) {
        struct job *job = next_job(desk);
        job->number = job->number * WORD_MIX + 1;
        completion_signal(&job->done);
    }
    while (!__atomic_load_n(&desk->over, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* The frame that the job was in is used for something else. */
static NOINLINE void
scribble(void)
{
    volatile uint8_t bytes[256];
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = 0xa5;
}

static NOINLINE uint64_t
have_done(struct desk *desk, uint64_t number)
{
    struct job job = {.number = number};
    struct thread *worker;
    completion_init(&job.done);
    __atomic_store_n(&desk->job, &job, __ATOMIC_SEQ_CST);
    while (!(worker = __atomic_load_n(&desk->worker, __ATOMIC_SEQ_CST)))
        sched_yield();
    sched_wake(worker);
    completion_wait(&job.done);
    return job.number;
}

static void
ask_or_answer(unsigned number)
{
    struct desk *desk = &desks[number / 2];
    if (number & 1) {
        work_off(desk);
        return;
    }
    uint64_t value = numbers[0] + number;
    for (unsigned i = 0; i < rounds; i++) {
        value = have_done(desk, value);
        scribble();
        get_on();
    }
    desk->result = value;
    __atomic_store_n(&desk->over, true, __ATOMIC_SEQ_CST);
}

static void
jobs(struct grade *g)
{
    rounds = grade_u32(g);
    numbers[0] = grade_u64(g);
    for (unsigned i = 0; i < CPU_MAX; i++)
        desks[i] = (struct desk){0};
    run_threads(g, ask_or_answer, harts & ~1u);
    for (unsigned i = 0; i < harts / 2; i++)
        grade_put_u64(g, desks[i].result);
}

GRADE_CASES({"sum", sum}, {"sum asleep", sum_asleep}, {"buffer", buffer},
            {"jobs", jobs});
