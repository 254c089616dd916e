#include "arch/mmio.h"
#include "dev/intc.h"
#include "lib/print.h"

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

static const char *
plic_init(struct intc *plic)
{
    const struct platform_plic *facts = plic->facts;
    if (facts->ncontexts == 0 || facts->ncontexts > CONTEXT_MAX ||
        facts->first + facts->nsources > IRQ_MAX)
        return "the PLIC has too many sources or contexts, or none";
    const char *why = intc_map(plic, REGS_SIZE(facts->ncontexts));
    if (why)
        return why;
    for (unsigned source = 1; source <= facts->nsources; source++)
        mmio_write32(plic->regs + PRIORITY(source), PRIORITY_NEVER);
    for (unsigned context = 0; context < facts->ncontexts; context++)
        for (unsigned word = 0; word <= facts->nsources / 32; word++)
            mmio_write32(plic->regs + ENABLE(context) + 4 * word, 0);
    print_boot("plic", "%u sources, %u contexts at %#lx", facts->nsources,
               facts->ncontexts, facts->regs.base);
    return NULL;
}

static volatile void *
plic_init_hart(const struct intc *plic, unsigned context)
{
    mmio_write32(plic->regs + THRESHOLD(context), THRESHOLD_NONE);
    return plic->regs + CLAIM(context);
}

static void
set_enable(const struct intc *plic, unsigned context, unsigned source, bool on)
{
    volatile void *word = plic->regs + ENABLE(context) + 4 * (source / 32);
    uint32_t bit = 1u << (source % 32);
    uint32_t old = mmio_read32(word);
    mmio_write32(word, on ? old | bit : old & ~bit);
}

static int
plic_enable(const struct intc *plic, unsigned source, unsigned context)
{
    set_enable(plic, context, source, true);
    mmio_write32(plic->regs + PRIORITY(source), PRIORITY_LOWEST);
    return 0;
}

static void
plic_disable(const struct intc *plic, unsigned source)
{
    mmio_write32(plic->regs + PRIORITY(source), PRIORITY_NEVER);
    for (unsigned context = 0; context < plic->facts->ncontexts; context++)
        set_enable(plic, context, source, false);
}

static void
plic_dispatch(void)
{
    const struct intc_hart *hart = &intc_harts[this_cpu()->index];
    const struct intc *plic = hart->intc;
    uint32_t source;
    /* Finding none is legal, if rare: a notification is only a hint, and what
     * it was for may be gone by now [plic §1.3]. */
    while (plic && (source = mmio_read32(hart->claim)) != 0 &&
           source <= plic->facts->nsources) {
        intc_handle(plic, plic->facts->first + source - 1);
        mmio_write32(hart->claim, source);
    }
}

const struct intc_ops plic_ops = {
    .init = plic_init,
    .init_hart = plic_init_hart,
    .enable = plic_enable,
    .disable = plic_disable,
    .dispatch = plic_dispatch,
};
