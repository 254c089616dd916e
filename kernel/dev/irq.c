#include "dev/irq.h"
#include "abi/errno.h"
#include "arch/cpu.h"
#include "dev/platform.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/slab.h"
#include "sync/spinlock.h"

struct line {
    /* constant after publication */
    const struct irq_handler *handler;

    /* guarded by lock */
    unsigned cpu; /* where it is routed */

    /* private to the owner: the hart of each index; others only look */
    uint64_t counts[CPU_MAX];
};

static struct spinlock lock = SPINLOCK_INIT("irq", RANK_IRQ);

/* constant after init */
static const struct irq_controller *controller;

/* atomic: an entry is set once, and its line stays for ever, so dispatching
 * needs no lock */
static struct line *lines[IRQ_MAX];

/* guarded by lock */
static unsigned next_cpu;

/* private to the owner: the hart of each index; others only look */
static uint64_t spurious[CPU_MAX];

void
irq_set_controller(const struct irq_controller *new_controller)
{
    assert(!controller);
    controller = new_controller;
}

int
irq_from_platform(const struct platform_irq *platform_line)
{
    return controller ? controller->number(platform_line) : -ENODEV;
}

static struct line *
line_get(unsigned irq)
{
    return irq < IRQ_MAX ? __atomic_load_n(&lines[irq], __ATOMIC_ACQUIRE)
                         : NULL;
}

/* Enables irq on the next running hart that its controller can reach. */
static int
enable_somewhere(unsigned irq, struct line *line) REQUIRES(lock)
{
    int err = -ENODEV;
    for (unsigned tries = cpu_count(); tries > 0 && err == -ENODEV; tries--) {
        line->cpu = next_cpu++ % cpu_count();
        if (cpu_get(line->cpu)->online)
            err = controller->enable(irq, line->cpu);
    }
    return err;
}

int
irq_register(unsigned irq, const struct irq_handler *handler)
{
    if (!controller)
        return -ENODEV;
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
        err = enable_somewhere(irq, line);
        if (err)
            __atomic_store_n(&lines[irq], NULL, __ATOMIC_RELEASE);
    }
    spin_unlock(&lock);
    if (err)
        kfree(line);
    return err;
}

int
irq_set_affinity(unsigned irq, unsigned cpu)
{
    struct line *line = line_get(irq);
    if (!line || cpu >= cpu_count() || !cpu_get(cpu)->online)
        return -EINVAL;

    spin_lock(&lock);
    int err = controller->enable(irq, cpu);
    if (!err)
        line->cpu = cpu;
    spin_unlock(&lock);
    return err;
}

/* A stray source would come back at once, for ever: it is masked. */
static void
handle_stray(unsigned irq)
{
    spin_lock(&lock);
    controller->disable(irq);
    spin_unlock(&lock);
    pr_warn("%s: interrupt %u has no handler, masked", controller->name, irq);
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

/* Legal, if rare: a notification is only a hint, and what it was for may be
 * gone when the hart gets round to claiming it [plic §1.3]. */
static void
count_spurious(unsigned cpu)
{
    static uint32_t said; /* atomic */

    WRITE_ONCE(spurious[cpu], spurious[cpu] + 1);
    if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED))
        pr_info("irq: spurious interrupt on hart %u, more are only counted",
                cpu);
}

void
irq_dispatch(void)
{
    unsigned cpu = this_cpu()->index;
    unsigned irq = controller->claim();

    if (irq == 0)
        count_spurious(cpu);
    for (; irq != 0; irq = controller->claim()) {
        handle(irq, cpu);
        controller->complete(irq);
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

unsigned
irq_affinity(unsigned irq)
{
    struct line *line = line_get(irq);
    return line ? READ_ONCE(line->cpu) : 0;
}

uint64_t
irq_count_spurious(unsigned cpu)
{
    return cpu < CPU_MAX ? READ_ONCE(spurious[cpu]) : 0;
}
