#include "sync/spinlock.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "lib/todo.h"
#include "sync/backoff.h"

void
spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){.name = name, .rank = rank};
}

/* Tries once to make lock->locked 1; returns whether it was 0 before. Between
 * the look and the change no other hart may come [riscv-unpriv §8]. The
 * compiler knows the instructions as __atomic_...; what order must they keep,
 * that what comes behind them in the program also comes behind them in memory?
 */
static ALWAYS_INLINE bool
try(struct spinlock *lock)
{
    LAB_TODO(6);
}

/* See the header, and what struct cpu (arch/cpu.h) has for you: last_lock,
 * irq_was_on. Panics if the rank is not higher than that of the last lock that
 * this hart holds; say both names and ranks. For waiting there is
 * backoff_wait, which returns when the lock *looked* free. What has to come
 * first, that an interrupt handler can take the same lock? */
NO_LOCK_CHECK void
spin_lock(struct spinlock *lock)
{
    LAB_TODO(6);
}

/* Takes the lock out of the chain that begins at cpu->last_lock and goes on
 * with lock->before. It is mostly the first there, but need not be. */
static void
unlink_held(struct cpu *cpu, struct spinlock *lock)
{
    LAB_TODO(6);
}

/* Panics if this hart is not the owner. The order is the point: what of all
 * this may not happen any more when the lock is free? And which order must the
 * store that frees it keep? */
NO_LOCK_CHECK void
spin_unlock(struct spinlock *lock)
{
    LAB_TODO(6);
}

bool
spin_held(const struct spinlock *lock)
{
    LAB_TODO(6);
}
