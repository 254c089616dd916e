#include "dev/irq.h"
#include "arch/mmio.h"
#include "dev/platform.h"
#include "lib/print.h"
#include "mm/kmap.h"
#include "sync/spinlock.h"
#include "trace/trace.h"

/* Register offsets [plic §3]. */
#define PRIORITY(source)     (4ul * (source))
#define ENABLE(context)      (0x2000ul + 0x80ul * (context))
#define THRESHOLD(context)   (0x200000ul + 0x1000ul * (context))
#define CLAIM(context)       (THRESHOLD(context) + 4)
#define REGS_SIZE(ncontexts) THRESHOLD(ncontexts)
#define CONTEXT_MAX          15872u

#define PRIORITY_NEVER  0u /* [plic §4] */
#define PRIORITY_LOWEST 1u
#define THRESHOLD_NONE  0u /* lets every priority but 0 through [plic §7] */

struct plic {
    volatile uint8_t *regs;
    const struct platform_plic *facts;
};

/* constant after init */
static struct plic plics[PLATFORM_PLICS_MAX];
static unsigned nplics;

/* private to the owner: each hart sets its own entry, before it takes the
 * first interrupt */
static struct {
    volatile void *claim;
    const struct plic *plic; /* NULL: none is wired to the hart */
} cpus[CPU_MAX];

static struct spinlock lock = SPINLOCK_INIT("irq", RANK_IRQ);

/* atomic: an entry is set once and stays for ever, so dispatching needs no
 * lock */
static struct irq_handler *handlers[IRQ_MAX];

/* guarded by lock, as are the registers but for a hart's own claim */
static unsigned next_cpu;

/* ---- The controllers ---- */

static int
init_plic(struct plic *plic, const struct platform_plic *facts)
{
    if (facts->first + facts->nsources > IRQ_MAX || facts->ncontexts == 0 ||
        facts->ncontexts > CONTEXT_MAX ||
        facts->regs.size < REGS_SIZE(facts->ncontexts))
        return -EINVAL;
    plic->facts = facts;
    plic->regs = kmap_device(facts->regs.base, REGS_SIZE(facts->ncontexts));
    if (!plic->regs)
        return -ENOMEM;
    for (unsigned source = 1; source <= facts->nsources; source++)
        mmio_write32(plic->regs + PRIORITY(source), PRIORITY_NEVER);
    for (unsigned context = 0; context < facts->ncontexts; context++)
        for (unsigned word = 0; word <= facts->nsources / 32; word++)
            mmio_write32(plic->regs + ENABLE(context) + 4 * word, 0);
    print_boot("plic", "%u sources, %u contexts at %#lx", facts->nsources,
               facts->ncontexts, facts->regs.base);
    return 0;
}

int
irq_init(void)
{
    const struct platform *platform = platform_get();
    for (; nplics < platform->nplics; nplics++) {
        int err = init_plic(&plics[nplics], &platform->plics[nplics]);
        if (err)
            return err;
    }
    return nplics > 0 ? 0 : -ENODEV;
}

int
irq_init_hart(void)
{
    const struct cpu *cpu = this_cpu();
    const struct platform_hart *hart = platform_hart(cpu->hartid);
    if (!hart || hart->plic == PLATFORM_NONE)
        return -ENODEV;
    const struct plic *plic = &plics[hart->plic];
    mmio_write32(plic->regs + THRESHOLD(hart->context), THRESHOLD_NONE);
    cpus[cpu->index].claim = plic->regs + CLAIM(hart->context);
    cpus[cpu->index].plic = plic;
    return 0;
}

static void
set_enable(const struct plic *plic, unsigned context, unsigned source, bool on)
    REQUIRES(lock)
{
    volatile void *word = plic->regs + ENABLE(context) + 4 * (source / 32);
    uint32_t bit = 1u << (source % 32);
    uint32_t old = mmio_read32(word);
    mmio_write32(word, on ? old | bit : old & ~bit);
}

/* Enables irq, of plic, on the next running hart that the plic can reach. */
static int
enable_somewhere(const struct plic *plic, unsigned irq) REQUIRES(lock)
{
    unsigned source = irq - plic->facts->first + 1;
    for (unsigned tries = cpu_count(); tries > 0; tries--) {
        const struct cpu *cpu = cpu_get(next_cpu++ % cpu_count());
        const struct platform_hart *hart = platform_hart(cpu->hartid);
        if (!cpu->online || !hart || hart->plic != plic - plics)
            continue;
        set_enable(plic, hart->context, source, true);
        mmio_write32(plic->regs + PRIORITY(source), PRIORITY_LOWEST);
        return 0;
    }
    return -ENODEV;
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
    const struct plic *plic = NULL;
    for (unsigned i = 0; i < nplics; i++)
        if (irq >= plics[i].facts->first &&
            irq - plics[i].facts->first < plics[i].facts->nsources)
            plic = &plics[i];
    if (!plic)
        return -EINVAL;

    spin_guard(&lock);
    if (handlers[irq])
        return -EBUSY;
    /* Published first: the interrupt may be pending already. */
    __atomic_store_n(&handlers[irq], handler, __ATOMIC_RELEASE);
    int err = enable_somewhere(plic, irq);
    if (err)
        __atomic_store_n(&handlers[irq], NULL, __ATOMIC_RELEASE);
    return err;
}

/* A stray source would come back at once, for ever. */
static void
mask(const struct plic *plic, unsigned source)
{
    spin_guard(&lock);
    mmio_write32(plic->regs + PRIORITY(source), PRIORITY_NEVER);
    for (unsigned context = 0; context < plic->facts->ncontexts; context++)
        set_enable(plic, context, source, false);
}

void
irq_dispatch(void)
{
    unsigned cpu = this_cpu()->index;
    const struct plic *plic = cpus[cpu].plic;
    uint32_t source;
    /* Finding none is legal, if rare: a notification is only a hint, and what
     * it was for may be gone by now [plic §1.3]. */
    while (plic && (source = mmio_read32(cpus[cpu].claim)) != 0 &&
           source <= plic->facts->nsources) {
        unsigned irq = plic->facts->first + source - 1;
        struct irq_handler *handler = irq_handler(irq);
        if (handler) {
            WRITE_ONCE(handler->counts[cpu], handler->counts[cpu] + 1);
            bool traced = !handler->untraced;
            if (traced)
                trace_irq_enter(irq);
            handler->handle(handler->arg);
            if (traced)
                trace_irq_exit(irq);
        } else {
            mask(plic, source);
            pr_warn("interrupt %u has no handler, masked", irq);
        }
        mmio_write32(cpus[cpu].claim, source);
    }
}
