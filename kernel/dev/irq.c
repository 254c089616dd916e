#include "dev/irq.h"
#include "abi/errno.h"
#include "arch/cpu.h"
#include "dev/plic.h"
#include "lib/print.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

struct line {
    /* constant after publication */
    const struct irq_handler *handler;

    /* private to the owner: the hart of each index; others only look */
    uint64_t counts[CPU_MAX];
};

static struct spinlock lock = SPINLOCK_INIT("irq", RANK_IRQ);

/* atomic: an entry is set once, and its line stays for ever, so dispatching
 * needs no lock */
static struct line *lines[IRQ_MAX];

/* guarded by lock */
static unsigned next_cpu;

static struct line *
line_get(unsigned irq)
{
    return irq < IRQ_MAX ? __atomic_load_n(&lines[irq], __ATOMIC_ACQUIRE)
                         : NULL;
}

/* Enables irq on the next running hart that its controller can reach. */
static int
enable_somewhere(unsigned irq) REQUIRES(lock)
{
    int err = -ENODEV;
    for (unsigned tries = cpu_count(); tries > 0 && err == -ENODEV; tries--) {
        unsigned cpu = next_cpu++ % cpu_count();
        if (cpu_get(cpu)->online)
            err = plic_enable(irq, cpu);
    }
    return err;
}

int
irq_register(unsigned irq, const struct irq_handler *handler)
{
    if (irq == 0 || irq >= IRQ_MAX)
        return -EINVAL;
    struct line *line = kzalloc(sizeof(*line));
    if (!line)
        return -ENOMEM;
    line->handler = handler;

    spin_lock(&lock);
    int err = -EBUSY;
    if (!lines[irq]) {
        /* Published first: the interrupt may be pending already. */
        __atomic_store_n(&lines[irq], line, __ATOMIC_RELEASE);
        err = enable_somewhere(irq);
        if (err)
            __atomic_store_n(&lines[irq], NULL, __ATOMIC_RELEASE);
    }
    spin_unlock(&lock);
    if (err)
        kfree(line);
    return err;
}

/* A stray source would come back at once, for ever: it is masked. */
static void
handle_stray(unsigned irq)
{
    spin_lock(&lock);
    plic_disable(irq);
    spin_unlock(&lock);
    pr_warn("interrupt %u has no handler, masked", irq);
}

static void
handle(unsigned irq, unsigned cpu)
{
    struct line *line = line_get(irq);
    if (!line) {
        handle_stray(irq);
        return;
    }
    WRITE_ONCE(line->counts[cpu], line->counts[cpu] + 1);
    line->handler->handle(line->handler->arg);
}

void
irq_dispatch(void)
{
    unsigned cpu = this_cpu()->index;
    unsigned irq;

    /* Finding none is legal, if rare: a notification is only a hint, and what
     * it was for may be gone by now [plic §1.3]. */
    while ((irq = plic_claim()) != 0) {
        handle(irq, cpu);
        plic_complete(irq);
    }
}

uint64_t
irq_count(unsigned irq, unsigned cpu)
{
    struct line *line = line_get(irq);
    return line && cpu < CPU_MAX ? READ_ONCE(line->counts[cpu]) : 0;
}

const char *
irq_name(unsigned irq)
{
    struct line *line = line_get(irq);
    return line ? line->handler->name : NULL;
}
