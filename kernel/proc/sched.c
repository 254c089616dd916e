#include "proc/sched.h"
#include "abi/sched.h"
#include "arch/boot.h"
#include "arch/clock.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/shootdown.h"
#include "proc/itimer.h"
#include "proc/sched_trace.h"
#include "proc/timer.h"
#include "proc/usage.h"
#include "trace/control.h"

struct runq {
    struct spinlock lock;
    /* guarded by lock */
    struct fair_queue ready; /* runnable, not running */
    struct thread *current;
    struct thread *left; /* has just left the hart, dead or for another */
    /* constant after init */
    struct thread *idle;
    /* private to the owner: the hart */
    struct timer tick;
    bool ticking;
    /* atomic: written by the hart, read by anyone */
    uint64_t switches, idle_ns, wfi_instret;
};

/* How much further behind than the running thread one has to be to take its
 * place when it wakes up. */
#define WAKE_MARGIN_NS 1000000ul

static struct runq runqs[CPU_MAX];
static struct thread idle_threads[CPU_MAX];
/* constant after sched_start_harts */
static void (*init_hart)(void);

static struct runq *
runq_of(const struct cpu *cpu)
{
    return &runqs[cpu->index];
}

static bool
is_idle(const struct runq *rq)
{
    return READ_ONCE(rq->current) == rq->idle &&
           READ_ONCE(rq->ready.count) == 0;
}

static struct thread *
thread_of(struct fair_share *share)
{
    return container_of(share, struct thread, share);
}

static bool
may_run_on(const struct thread *thread, const struct cpu *cpu)
{
    return READ_ONCE(thread->allowed) >> cpu->index & 1;
}

/* What a thread's clock shows now that it has had its hart since it last got
 * it or was charged. */
static uint64_t
time_now(const struct thread *running, uint64_t now)
{
    return running->share.time +
           fair_scale(&running->share, now - running->switched_in);
}

/* Makes a hart give its thread's place to another before that is in user mode
 * again. */
static void
resched(struct thread *running)
{
    __atomic_fetch_or(&running->arch.work, THREAD_WORK_RESCHED,
                      __ATOMIC_RELAXED);
}

/* A hart that is idle, of those in the mask, or NULL. */
static struct cpu *
find_idle_cpu(uint64_t mask)
{
    for (unsigned i = 0; i < cpu_count(); i++) {
        struct cpu *cpu = cpu_get(i);
        if (mask >> i & 1 && READ_ONCE(cpu->online) && is_idle(runq_of(cpu)))
            return cpu;
    }
    return NULL;
}

/* The end of a slice. An idle hart's last tick is not renewed. */
static void
tick(struct timer *timer)
{
    uint64_t now = clock_now_ns();
    struct runq *rq = runq_of(this_cpu());
    rq->ticking = rq->current != rq->idle;
    if (!rq->ticking)
        return;
    usage_sample(rq->current, trap_was_in_user());
    itimer_tick();
    spin_lock(&rq->lock);
    const struct fair_share *first = fair_first(&rq->ready);
    if ((first && first->time < time_now(rq->current, now)) ||
        !may_run_on(rq->current, this_cpu()))
        resched(rq->current);
    spin_unlock(&rq->lock);
    struct cpu *thief = first ? find_idle_cpu(UINT64_MAX) : NULL;
    if (thief)
        cpu_poke(thief);
    timer_set(timer, now + SCHED_SLICE_NS);
}

static void
init_runq(struct cpu *cpu)
{
    struct runq *rq = runq_of(cpu);
    struct thread *idle = &idle_threads[cpu->index];
    spin_init(&rq->lock, "runq", RANK_RUNQUEUE);
    rq->ready.floor = FAIR_CREDIT_NS;
    timer_init(&rq->tick, tick);
    rq->idle = rq->current = idle;
    idle->state = THREAD_RUNNABLE;
    idle->arch.cpu = cpu;
    idle->arch.traced = trace_switches;
    idle->allowed = UINT64_MAX;
    sched_set_nice(idle, 0, SCHED_OTHER);
    strlcpy(idle->name, "idle", sizeof(idle->name));
}

void
sched_init(void)
{
    struct cpu *cpu = this_cpu();
    init_runq(cpu);
    cpu->online = true;
    cpu_set_thread(&idle_threads[cpu->index].arch);
}

/* Where a thread should run: where it did last if nothing else does, else on
 * any idle hart, else there all the same. */
static struct cpu *
choose_cpu(const struct thread *thread)
{
    struct cpu *last = thread->arch.cpu;
    if (may_run_on(thread, last) && is_idle(runq_of(last)))
        return last;
    struct cpu *idle = find_idle_cpu(READ_ONCE(thread->allowed));
    if (idle || may_run_on(thread, last))
        return idle ? idle : last;
    for (unsigned i = 0; i < cpu_count(); i++)
        if (may_run_on(thread, cpu_get(i)) && READ_ONCE(cpu_get(i)->online))
            return cpu_get(i);
    return last;
}

/* Moves a thread that is on no queue to another hart: it is as far behind the
 * others there as it was here. Under the lock of the queue it was on: who
 * locks the new one finds it queued there, or not yet. */
static void
migrate(struct thread *thread, struct cpu *cpu)
{
    struct cpu *last = thread->arch.cpu;
    if (last == cpu)
        return;
    fair_forgive(&runq_of(last)->ready, &thread->share);
    thread->share.time += READ_ONCE(runq_of(cpu)->ready.floor) -
                          READ_ONCE(runq_of(last)->ready.floor);
    thread->arch.cpu = cpu;
}

/* Queues a thread that is runnable and on no queue. It gets the hart at once
 * if it is far enough behind who has it; less is not worth a switch. */
static void
enqueue(struct thread *thread)
{
    struct cpu *cpu = thread->arch.cpu;
    struct runq *rq = runq_of(cpu);
    spin_lock(&rq->lock);
    fair_forgive(&rq->ready, &thread->share);
    fair_put(&rq->ready, &thread->share);
    bool poke = rq->current == rq->idle;
    if (!poke && thread->share.time + WAKE_MARGIN_NS <
                     time_now(rq->current, clock_now_ns())) {
        resched(rq->current);
        poke = true;
    }
    trace_queue(thread, rq->ready.count);
    spin_unlock(&rq->lock);
    if (poke && cpu != this_cpu())
        cpu_poke(cpu);
}

/* Runs on the new thread's side of a switch, still under the run queue's
 * lock that the old thread took. */
static NO_LOCK_CHECK void
finish_switch(void)
{
    struct runq *rq = runq_of(this_cpu());
    struct thread *left = rq->left;
    bool dead = left && left->state == THREAD_DEAD;
    rq->left = NULL;
    if (left && !dead)
        migrate(left, choose_cpu(left));
    spin_unlock(&rq->lock);
    if (dead)
        thread_free(left);
    else if (left)
        enqueue(left);
}

/* Floating-point registers stay on the hart until another thread needs it;
 * memory is brought up to date as soon as a thread that changed them leaves
 * [riscv-priv §3.1.6.6]. */
void
sched_save_fpu(void)
{
    struct arch_thread *t = cpu_thread();
    struct trapframe *frame = trap_user_frame(t);
    if ((frame->sstatus & SSTATUS_FS) != SSTATUS_FS_DIRTY)
        return;
    fpu_save(&t->fpu);
    frame->sstatus = (frame->sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
    this_cpu()->fpu_owner = t;
}

static void
enter_fpu(struct thread *next)
{
    struct cpu *cpu = this_cpu();
    if (cpu->fpu_owner == &next->arch && next->arch.fpu_cpu == cpu)
        return;
    fpu_load(&next->arch.fpu);
    cpu->fpu_owner = &next->arch;
    next->arch.fpu_cpu = cpu;
}

/* Charges the running thread for its time on the hart up to now. */
static void
charge(struct runq *rq, struct thread *running)
{
    uint64_t now = clock_now_ns();
    uint64_t ran = now - running->switched_in;
    running->run_ns += ran;
    running->switched_in = now;
    if (running == rq->idle)
        rq->idle_ns += ran;
    else
        running->share.time += fair_scale(&running->share, ran);
}

static void
account(struct runq *rq, struct thread *prev, struct thread *next)
{
    if (prev->state == THREAD_RUNNABLE)
        prev->used.involuntary++;
    else
        prev->used.voluntary++;
    next->switched_in = prev->switched_in;
    rq->switches++;
}

NO_LOCK_CHECK void
sched_switch(void)
{
    struct runq *rq = runq_of(this_cpu());
    struct thread *prev = thread_current();
    spin_lock(&rq->lock);
    assert(this_cpu()->last_lock == &rq->lock && !rq->lock.before);
    __atomic_fetch_and(&prev->arch.work, ~THREAD_WORK_RESCHED,
                       __ATOMIC_RELAXED);
    charge(rq, prev);
    bool stays = prev->state == THREAD_RUNNABLE && prev != rq->idle;
    bool leaves = prev->state == THREAD_DEAD ||
                  (stays && unlikely(!may_run_on(prev, this_cpu())));
    if (stays && !leaves)
        fair_put(&rq->ready, &prev->share);
    struct fair_share *first = fair_take_first(&rq->ready);
    struct thread *next = first ? thread_of(first) : rq->idle;
    if (next == prev) {
        spin_unlock(&rq->lock);
        return;
    }
    bool irq_was_on = this_cpu()->irq_was_on;
    account(rq, prev, next);
    WRITE_ONCE(rq->current, next);
    if (leaves)
        rq->left = prev;
    if (prev->state != THREAD_DEAD && prev->process)
        sched_save_fpu();
    if (next->process)
        enter_fpu(next);
    trace_switch(prev, next);
    space_switch(next->arch.space);
    if (next != rq->idle && !rq->ticking) {
        rq->ticking = true;
        timer_set(&rq->tick, next->switched_in + SCHED_SLICE_NS);
    }
    cpu_switch(&prev->arch, &next->arch);
    this_cpu()->irq_was_on = irq_was_on; /* perhaps another hart by now */
    finish_switch();
}

void
sched_begin(void)
{
    this_cpu()->irq_was_on = true;
    finish_switch();
}

void
sched_load_fpu(void)
{
    bool on = cpu_irq_save();
    cpu_thread()->fpu_cpu = NULL;
    enter_fpu(thread_current());
    cpu_irq_restore(on);
}

void
sched_yield(void)
{
    struct runq *rq = runq_of(this_cpu());
    struct fair_share *self = &thread_current()->share;
    spin_lock(&rq->lock);
    const struct fair_share *last = fair_last(&rq->ready, NULL);
    if (last)
        self->time = MAX(self->time, last->time);
    spin_unlock(&rq->lock);
    sched_switch();
}

void
sched_yield_if_due(void)
{
    if (READ_ONCE(cpu_thread()->work) & THREAD_WORK_RESCHED)
        sched_switch();
}

/* ---- Sleeping and waking ---- */

void
sched_prepare_sleep(bool interruptible)
{
    struct thread *t = thread_current();
    /* Only this thread leaves THREAD_RUNNABLE, so no lock is needed; but the
     * state must be seen before what the caller tests next. */
    t->interruptible = interruptible;
    __atomic_store_n(&t->state, THREAD_SLEEPING, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
sched_cancel_sleep(void)
{
    struct runq *rq = runq_of(this_cpu());
    spin_guard(&rq->lock);
    thread_current()->state = THREAD_RUNNABLE;
}

void
sched_start(struct thread *thread)
{
    struct runq *rq = runq_of(this_cpu());
    spin_lock(&rq->lock);
    thread->arch.cpu = this_cpu();
    /* Behind the parent, so that this, once it sleeps, comes first again. */
    thread->share.time =
        MAX(rq->ready.floor, time_now(thread_current(), clock_now_ns())) +
        2 * WAKE_MARGIN_NS;
    migrate(thread, choose_cpu(thread));
    spin_unlock(&rq->lock);
    enqueue(thread);
}

/* Locks the run queue that guards thread's state. */
static NO_LOCK_CHECK struct runq *
lock_runq_of(struct thread *thread)
{
    for (;;) {
        struct cpu *cpu = READ_ONCE(thread->arch.cpu);
        struct runq *rq = runq_of(cpu);
        spin_lock(&rq->lock);
        if (READ_ONCE(thread->arch.cpu) == cpu)
            return rq;
        spin_unlock(&rq->lock);
    }
}

static NO_LOCK_CHECK bool
try_wake(struct thread *thread, bool only_interruptible)
{
    struct runq *rq = lock_runq_of(thread);
    bool wake = thread->state == THREAD_SLEEPING &&
                (thread->interruptible || !only_interruptible);
    /* It may not have left its hart yet; then it just stays. */
    bool away = rq->current != thread;
    if (wake) {
        thread->state = THREAD_RUNNABLE;
        trace_wake(thread);
    }
    if (wake && away)
        migrate(thread, choose_cpu(thread));
    spin_unlock(&rq->lock);
    if (wake && away)
        enqueue(thread);
    return wake;
}

void
sched_wake(struct thread *thread)
{
    try_wake(thread, false);
}

void
sched_interrupt(struct thread *thread)
{
    struct cpu *cpu = READ_ONCE(thread->arch.cpu);
    if (!try_wake(thread, true) && thread != thread_current() &&
        READ_ONCE(runq_of(cpu)->current) == thread)
        cpu_poke(cpu);
}

NO_LOCK_CHECK bool
sched_set_parked(struct thread *thread, bool *flag)
{
    struct runq *rq = lock_runq_of(thread);
    bool parked = rq->current != thread;
    if (parked)
        *flag = true;
    spin_unlock(&rq->lock);
    return parked;
}

NO_LOCK_CHECK void
sched_set_allowed(struct thread *thread, uint64_t harts)
{
    struct runq *rq = lock_runq_of(thread);
    WRITE_ONCE(thread->allowed, harts);
    struct cpu *cpu = thread->arch.cpu;
    bool away = !may_run_on(thread, cpu);
    bool queued = away && thread->share.queued;
    bool running = away && rq->current == thread;
    if (queued) {
        fair_remove(&rq->ready, &thread->share);
        migrate(thread, choose_cpu(thread));
    }
    if (running)
        resched(thread);
    spin_unlock(&rq->lock);
    if (queued)
        enqueue(thread);
    if (running && cpu != this_cpu())
        cpu_poke(cpu);
}

/* ---- Idle harts ---- */

/* Takes the thread that would wait longest, of those that may run here, from a
 * busy hart. */
static bool
steal(struct cpu *thief)
{
    struct thread *thread = NULL;
    for (unsigned i = 1; i < cpu_count() && !thread; i++) {
        struct runq *rq = &runqs[(thief->index + i) % cpu_count()];
        if (READ_ONCE(rq->ready.count) == 0)
            continue;
        spin_lock(&rq->lock);
        struct fair_share *last = fair_last(&rq->ready, NULL);
        while (last && !may_run_on(thread_of(last), thief))
            last = fair_last(&rq->ready, last);
        if (last) {
            thread = thread_of(last);
            fair_remove(&rq->ready, last);
            migrate(thread, thief);
        }
        spin_unlock(&rq->lock);
    }
    if (thread)
        enqueue(thread);
    return thread;
}

/* Interrupts stay off from the last look at the queue until wfi, which ends
 * for a pending interrupt whether or not it is enabled: a wake-up in between
 * is not slept through. */
void
sched_idle(void)
{
    struct runq *rq = runq_of(this_cpu());
    for (;;) {
        cpu_irq_save();
        if (READ_ONCE(rq->ready.count) == 0 && !steal(this_cpu())) {
            uint64_t before = clock_instret();
            cpu_wait_for_interrupt();
            rq->wfi_instret += clock_instret() - before;
        }
        cpu_irq_enable();
        if (READ_ONCE(rq->ready.count) > 0)
            sched_switch();
    }
}

/* The first code on a secondary hart's idle stack. */
static void
secondary_main(void)
{
    struct cpu *cpu = this_cpu();
    trap_init_hart();
    clock_set_deadline(UINT64_MAX);
    if (init_hart)
        init_hart();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    sched_idle();
}

static bool
start_hart(struct cpu *cpu)
{
    struct thread *idle = &idle_threads[cpu->index];
    void *stack = kmap_stack_alloc();
    uint64_t patience = clock_now_ns() + 1000000000ul;
    init_runq(cpu);
    if (!stack)
        return false;
    idle->arch.context.ra = (uint64_t)secondary_main;
    idle->arch.context.sp = (uint64_t)stack;
    if (cpu_start(cpu, &idle->arch) != 0)
        return false;
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
        if (clock_now_ns() > patience)
            return false;
    return true;
}

unsigned
sched_start_harts(void (*init)(void))
{
    unsigned running = 1;
    init_hart = init;
    for (unsigned i = 1; i < cpu_count(); i++)
        running += start_hart(cpu_get(i));
    return running;
}

/* ---- What /proc shows, and what is traced ---- */

void
sched_switch_traces(void)
{
    cpu_thread()->traced = trace_switches;
    for (unsigned i = 0; i < cpu_count(); i++) {
        struct runq *rq = runq_of(cpu_get(i));
        spin_lock(&rq->lock);
        if (rq->current)
            rq->current->arch.traced = trace_switches;
        spin_unlock(&rq->lock);
    }
}

uint64_t
sched_run_ns(const struct thread *thread)
{
    uint64_t ns = READ_ONCE(thread->run_ns);
    if (READ_ONCE(runq_of(thread->arch.cpu)->current) == thread)
        ns += clock_now_ns() - READ_ONCE(thread->switched_in);
    return ns;
}

void
sched_add_stats(unsigned cpu, struct sched_stats *sum)
{
    struct runq *rq = &runqs[cpu];
    uint64_t now = clock_now_ns(), idle = READ_ONCE(rq->idle_ns);
    bool busy = READ_ONCE(rq->current) != rq->idle;
    if (!busy)
        idle += now - READ_ONCE(rq->idle->switched_in);
    sum->busy_ns += now > idle ? now - idle : 0;
    sum->switches += READ_ONCE(rq->switches);
    sum->runnable += READ_ONCE(rq->ready.count) + busy;
}

uint64_t
sched_wfi_instret(void)
{
    return runq_of(this_cpu())->wfi_instret;
}
