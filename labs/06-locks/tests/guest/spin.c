/* Spin locks on one hart, before anything else in the kernel runs. */
#include "grade.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "sync/spinlock.h"

GRADE_ENTRY(GRADE_AT_KMAIN);

#define LOCKS 8

static struct spinlock locks[LOCKS];
static struct cpu other; /* a hart that is not there */

/* Where a panic leads that the question is about. */
static void *out[5];
static bool armed;

// WRAP: panic
NORETURN void __wrap_panic(const char *format, ...);
NORETURN void __real_panic(const char *format, ...);

void
__wrap_panic(const char *format, ...)
{
    if (armed)
        __builtin_longjmp(out, 1);
    __real_panic("%s", format);
}

static bool
interrupts_on(void)
{
    return csr_read(sstatus) & SSTATUS_SIE;
}

static uint8_t
number_of(const struct spinlock *lock)
{
    return lock ? (uint8_t)(lock - locks) : 255;
}

/* What the last lock taken leads to, and who that says holds it. */
static void
put_chain(struct grade *g)
{
    uint8_t chain[LOCKS];
    size_t n = 0;
    const struct spinlock *lock = this_cpu()->last_lock;
    for (; lock && n < LOCKS; lock = lock->before)
        chain[n++] = number_of(lock);
    grade_put_bytes(g, chain, n);
}

static void
put_locks(struct grade *g)
{
    uint8_t held = 0, locked = 0, owned = 0;
    for (unsigned i = 0; i < LOCKS; i++) {
        held |= (uint8_t)(spin_held(&locks[i]) << i);
        locked |= (uint8_t)((READ_ONCE(locks[i].locked) != 0) << i);
        owned |= (uint8_t)((READ_ONCE(locks[i].owner) != NULL) << i);
    }
    grade_put_u8(g, held);
    grade_put_u8(g, locked);
    grade_put_u8(g, owned);
}

static void
do_op(struct grade *g, char op)
{
    bool was_on;
    unsigned i = grade_u8(g) % LOCKS;
    switch (op) {
    case 'l':
        spin_lock(&locks[i]);
        break;
    case 'u':
        spin_unlock(&locks[i]);
        break;
    case '+':
        cpu_irq_enable();
        break;
    case '-':
        was_on = cpu_irq_save();
        (void)was_on;
        break;
    case 'o': /* another hart takes it */
        locks[i].owner = &other;
        locks[i].locked = 1;
        break;
    default:
        __real_panic("no such operation: %c", op);
    }
    grade_put_u8(g, interrupts_on());
    put_locks(g);
    put_chain(g);
}

static NOINLINE void
play(struct grade *g, const char *ops)
{
    for (; *ops; ops++) {
        grade_put_u8(g, 1);
        do_op(g, *ops);
    }
}

/* A rank for each lock; the operations, one letter each; the lock of each. What
 * comes of each is put behind a 1. Ends with 0, or with 2: it panicked. */
static void
script(struct grade *g)
{
    this_cpu()->last_lock = NULL;
    for (unsigned i = 0; i < LOCKS; i++)
        spin_init(&locks[i], "lock", (enum lock_rank)grade_u32(g));
    const char *ops = grade_string(g);
    if (__builtin_setjmp(out) == 0) {
        armed = true;
        play(g, ops);
        armed = false;
        grade_put_u8(g, 0);
    } else {
        armed = false;
        grade_put_u8(g, 2);
    }
    csr_clear(sstatus, SSTATUS_SIE);
    this_cpu()->last_lock = NULL;
}

/* For tests that look at each instruction: whether interrupts are on before. */
struct spinlock grade_lock;

static void
once(struct grade *g)
{
    spin_init(&grade_lock, "lock", RANK_PIPE);
    if (grade_u8(g))
        cpu_irq_enable();
    spin_lock(&grade_lock);
    spin_unlock(&grade_lock);
    csr_clear(sstatus, SSTATUS_SIE);
}

GRADE_CASES({"script", script}, {"once", once});
