#include "sync/spinlock.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "sync/backoff.h"
#include "trace/trace.h"

void
spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){.name = name, .rank = rank};
}

static ALWAYS_INLINE bool
try(struct spinlock *lock)
{
    return __atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE) == 0;
}

/* The lock is this hart's from now on. */
static ALWAYS_INLINE void
hold(struct cpu *cpu, struct spinlock *lock)
{
    WRITE_ONCE(lock->owner, cpu);
    lock->before = cpu->last_lock;
    cpu->last_lock = lock;
}

/* Kept out of spin_lock, which has no registers to save without it. */
static NOINLINE void
wait_and_hold(struct cpu *cpu, struct spinlock *lock)
{
    uint64_t since = csr_read(time);
    do /* reading until it looks free keeps the line shared */
        backoff_wait(&lock->locked);
    while (!try(lock));
    trace_lock_wait(lock->name, csr_read(time) - since);
    hold(cpu, lock);
}

NO_LOCK_CHECK void
spin_lock(struct spinlock *lock)
{
    bool irq_was_on = cpu_irq_save();
    struct cpu *cpu = this_cpu();
    struct spinlock *last = cpu->last_lock;
    /* Ranks rise along what this hart holds, so the last one is highest. */
    if (!last)
        cpu->irq_was_on = irq_was_on;
    else if (unlikely(last->rank >= lock->rank))
        panic("lock order: %s (rank %d) taken while holding %s (rank %d)",
              lock->name, lock->rank, last->name, last->rank);

    if (likely(try(lock)))
        hold(cpu, lock);
    else
        wait_and_hold(cpu, lock);
}

/* Locks are usually released in reverse order, but need not be. */
static void
unlink_held(struct cpu *cpu, struct spinlock *lock)
{
    struct spinlock **link = &cpu->last_lock;
    while (*link != lock)
        link = &(*link)->before;
    *link = lock->before;
}

NO_LOCK_CHECK void
spin_unlock(struct spinlock *lock)
{
    struct cpu *cpu = this_cpu();
    if (unlikely(lock->owner != cpu))
        panic("%s unlocked by a hart that does not hold it", lock->name);
    unlink_held(cpu, lock);
    WRITE_ONCE(lock->owner, NULL);
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
    if (!cpu->last_lock)
        cpu_irq_restore(cpu->irq_was_on);
}

bool
spin_held(const struct spinlock *lock)
{
    return READ_ONCE(lock->owner) == this_cpu();
}
