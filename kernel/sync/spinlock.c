#include "sync/spinlock.h"

#include "arch/cpu.h"
#include "lib/panic.h"

void
spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){.name = name, .rank = rank};
}

/* Ranks rise along what this hart holds, so the last one is the highest. */
static void
check_order(const struct cpu *cpu, const struct spinlock *lock)
{
    if (cpu->irq_depth == 0)
        return;
    assert(cpu->irq_depth < CPU_HELD_MAX);
    const struct spinlock *last = cpu->held[cpu->irq_depth - 1];
    if (unlikely(last->rank >= lock->rank))
        panic("lock order: %s (rank %d) taken while holding %s (rank %d)",
              lock->name, lock->rank, last->name, last->rank);
}

NO_LOCK_CHECK void
spin_lock(struct spinlock *lock)
{
    bool irq_was_on = cpu_irq_save();
    struct cpu *cpu = this_cpu();

    check_order(cpu, lock);
    if (cpu->irq_depth == 0)
        cpu->irq_was_on = irq_was_on;
    cpu->held[cpu->irq_depth++] = lock;

    /* Reading until it looks free keeps the line shared meanwhile. */
    while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE) != 0)
        while (READ_ONCE(lock->locked))
            cpu_relax();
    WRITE_ONCE(lock->owner, cpu->index + 1);
}

NO_LOCK_CHECK void
spin_unlock(struct spinlock *lock)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(lock->owner != cpu->index + 1))
        panic("%s unlocked by hart %u, held by %u", lock->name, cpu->index,
              lock->owner - 1);
    WRITE_ONCE(lock->owner, 0);
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);

    /* Usually the last one taken; but order of release is free. */
    unsigned i = --cpu->irq_depth;
    const void *above = cpu->held[i];
    while (above != lock) {
        const void *moved = cpu->held[--i];
        cpu->held[i] = above;
        above = moved;
    }
    if (cpu->irq_depth == 0)
        cpu_irq_restore(cpu->irq_was_on);
}

bool
spin_held(const struct spinlock *lock)
{
    return READ_ONCE(lock->owner) == this_cpu()->index + 1;
}
