#include "dev/irq.h"
#include "dev/aia.h"
#include "dev/intc.h"
#include "lib/print.h"
#include "mm/kmap.h"
#include "sync/spinlock.h"
#include "trace/trace.h"

/* constant after init */
static struct intc intcs[PLATFORM_PLICS_MAX];
static unsigned nintcs;

struct intc_hart intc_harts[CPU_MAX];

static struct spinlock lock = SPINLOCK_INIT("irq", RANK_IRQ);

/* atomic: an entry is set once and stays for ever, so dispatching needs no
 * lock */
static struct irq_handler *handlers[IRQ_MAX];

/* guarded by lock, as are the controllers' registers but for what a hart claims
 * by */
static unsigned next_cpu;

/* ---- The controllers ---- */

const char *
intc_map(struct intc *intc, uint64_t size)
{
    if (intc->facts->regs.size < size)
        return "its registers do not fit what the device tree says of them";
    intc->regs = kmap_device(intc->facts->regs.base, size);
    return intc->regs ? NULL : "no room for its registers";
}

const char *
irq_init(void (**dispatch)(void))
{
    const struct platform *platform = platform_get();
    if (platform->nplics == 0)
        return "the device tree has no PLIC or APLIC that interrupts S-mode";
    for (nintcs = 0; nintcs < platform->nplics; nintcs++) {
        struct intc *intc = &intcs[nintcs];
        intc->facts = &platform->plics[nintcs];
        const struct aia_domain *aia = intc->facts->aia;
        intc->ops = !aia            ? &plic_ops
                    : aia->ids == 0 ? &aplic_ops
                                    : &aplic_msi_ops;
        if (intc->ops != intcs[0].ops)
            return "some APLICs send messages and some do not";
        const char *why = intc->ops->init(intc);
        if (why)
            return why;
    }
    *dispatch = intcs[0].ops->dispatch;
    return NULL;
}

int
irq_init_hart(void)
{
    const struct cpu *cpu = this_cpu();
    const struct platform_hart *hart = platform_hart(cpu->hartid);
    if (!hart || hart->plic == PLATFORM_NONE)
        return -ENODEV;
    const struct intc *intc = &intcs[hart->plic];
    volatile void *claim = intc->ops->init_hart(intc, hart->context);
    if (!claim)
        return -ENODEV;
    intc_harts[cpu->index] = (struct intc_hart){intc, claim};
    return 0;
}

/* Enables irq, of intc, on the next running hart that it can reach: with
 * messages any, else one that it is wired to. */
static int
enable_somewhere(const struct intc *intc, unsigned irq) REQUIRES(lock)
{
    for (unsigned tries = cpu_count(); tries > 0; tries--) {
        const struct cpu *cpu = cpu_get(next_cpu++ % cpu_count());
        const struct intc *own = intc_harts[cpu->index].intc;
        if (cpu->online && own && (own == intc || own->ops == &aplic_msi_ops))
            return intc->ops->enable(intc, irq - intc->facts->first + 1,
                                     platform_hart(cpu->hartid)->context);
    }
    return -ENODEV;
}

const struct intc *
intc_of(unsigned irq)
{
    for (unsigned i = 0; i < nintcs; i++)
        if (irq - intcs[i].facts->first < intcs[i].facts->nsources)
            return &intcs[i];
    return NULL;
}

/* ---- Handlers ---- */

struct irq_handler *
irq_handler(unsigned irq)
{
    return irq < IRQ_MAX ? __atomic_load_n(&handlers[irq], __ATOMIC_ACQUIRE)
                         : NULL;
}

int
irq_register(unsigned irq, struct irq_handler *handler)
{
    const struct intc *intc = intc_of(irq);
    if (!intc)
        return -EINVAL;

    spin_guard(&lock);
    if (handlers[irq])
        return -EBUSY;
    /* Published first: the interrupt may be pending already. */
    __atomic_store_n(&handlers[irq], handler, __ATOMIC_RELEASE);
    int err = enable_somewhere(intc, irq);
    if (err)
        __atomic_store_n(&handlers[irq], NULL, __ATOMIC_RELEASE);
    return err;
}

/* A stray source would come back at once, for ever. */
static void
mask(const struct intc *intc, unsigned irq)
{
    spin_guard(&lock);
    intc->ops->disable(intc, irq - intc->facts->first + 1);
}

void
intc_handle(const struct intc *intc, unsigned irq)
{
    struct irq_handler *handler = irq_handler(irq);
    if (!handler) {
        mask(intc, irq);
        pr_warn("interrupt %u has no handler, masked", irq);
        return;
    }
    unsigned cpu = this_cpu()->index;
    WRITE_ONCE(handler->counts[cpu], handler->counts[cpu] + 1);
    bool traced = !handler->untraced;
    if (traced)
        trace_irq_enter(irq);
    handler->handle(handler->arg);
    if (traced)
        trace_irq_exit(irq);
}
