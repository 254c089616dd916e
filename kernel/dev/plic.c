#include "dev/plic.h"
#include "abi/errno.h"
#include "arch/cpu.h"
#include "arch/mmio.h"
#include "dev/irq.h"
#include "dev/platform.h"
#include "lib/print.h"
#include "mm/kmap.h"

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
    /* constant after init */
    volatile uint8_t *regs;
    const struct platform_plic *facts;
};

/* constant after init */
static struct plic plics[PLATFORM_PLICS_MAX];
static unsigned nplics;

/* private to the owner: each hart sets its own entry, before it takes the
 * first interrupt */
static struct {
    volatile void *claim; /* NULL: no PLIC is wired to the hart */
    const struct plic *plic;
} cpus[CPU_MAX];

/* The PLIC that irq belongs to, and its source there; NULL if there is none. */
static struct plic *
find(unsigned irq, unsigned *source)
{
    for (unsigned i = 0; i < nplics; i++) {
        const struct platform_plic *facts = plics[i].facts;
        if (irq >= facts->first && irq - facts->first < facts->nsources) {
            *source = irq - facts->first + 1;
            return &plics[i];
        }
    }
    return NULL;
}

static void
set_enable(struct plic *plic, unsigned context, unsigned source, bool on)
{
    volatile void *word = plic->regs + ENABLE(context) + 4 * (source / 32);
    uint32_t bit = 1u << (source % 32);
    uint32_t old = mmio_read32(word);
    mmio_write32(word, on ? old | bit : old & ~bit);
}

int
plic_enable(unsigned irq, unsigned cpu)
{
    unsigned source;
    struct plic *plic = find(irq, &source);
    if (!plic)
        return -EINVAL;
    const struct platform_hart *hart = platform_hart(cpu_get(cpu)->hartid);
    if (!hart || hart->plic != plic - plics)
        return -ENODEV;

    set_enable(plic, hart->context, source, true);
    mmio_write32(plic->regs + PRIORITY(source), PRIORITY_LOWEST);
    return 0;
}

void
plic_disable(unsigned irq)
{
    unsigned source;
    struct plic *plic = find(irq, &source);
    if (!plic)
        return;
    mmio_write32(plic->regs + PRIORITY(source), PRIORITY_NEVER);
    for (unsigned context = 0; context < plic->facts->ncontexts; context++)
        set_enable(plic, context, source, false);
}

unsigned
plic_claim(void)
{
    unsigned cpu = this_cpu()->index;
    const struct plic *plic = cpus[cpu].plic;
    if (!plic)
        return 0;
    uint32_t source = mmio_read32(cpus[cpu].claim);
    if (source == 0 || source > plic->facts->nsources)
        return 0;
    return plic->facts->first + source - 1;
}

void
plic_complete(unsigned irq)
{
    unsigned cpu = this_cpu()->index;
    mmio_write32(cpus[cpu].claim, irq - cpus[cpu].plic->facts->first + 1);
}

static int
init_one(struct plic *plic, const struct platform_plic *facts)
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
plic_init(void)
{
    const struct platform *platform = platform_get();
    for (unsigned i = 0; i < platform->nplics; i++) {
        int err = init_one(&plics[i], &platform->plics[i]);
        if (err)
            return err;
        nplics++;
    }
    return nplics > 0 ? 0 : -ENODEV;
}

int
plic_init_hart(void)
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
