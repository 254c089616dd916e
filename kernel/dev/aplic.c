#include "abi/errno.h"
#include "arch/imsic.h"
#include "arch/mmio.h"
#include "dev/aia.h"
#include "dev/imsic.h"
#include "dev/intc.h"
#include "lib/print.h"

/* Register offsets [aia §4.5]. */
#define DOMAINCFG         0x0000u
#define SOURCECFG(source) (4u * (source))
#define SETIPNUM          0x1cdcu
#define IN_CLRIP(source)  (0x1d00u + 4 * ((source) / 32))
#define SETIENUM          0x1edcu
#define CLRIE(source)     (0x1f00u + 4 * ((source) / 32))
#define CLRIENUM          0x1fdcu
#define TARGET(source)    (0x3000u + 4 * (source))
#define IDELIVERY(index)  (0x4000u + 0x20 * (index))
#define ITHRESHOLD(index) (IDELIVERY(index) + 0x08)
#define CLAIMI(index)     (IDELIVERY(index) + 0x1c)

#define DOMAINCFG_IE (1u << 8)
#define DOMAINCFG_DM (1u << 2)

#define TARGET_HART_INDEX                               \
    18 /* above it, priority or identity [aia §4.5.16] \
        */
#define IPRIO_HIGHEST   1u
#define ITHRESHOLD_NONE 0u /* [aia §4.8.1.3] */
#define CLAIMI_IDENTITY 16 /* [aia §4.8.1.5] */

static uint32_t
aplic_read(const struct intc *aplic, unsigned reg)
{
    return mmio_read32(aplic->regs + reg);
}

static void
aplic_write(const struct intc *aplic, unsigned reg, uint32_t value)
{
    mmio_write32(aplic->regs + reg, value);
}

/* What the parent domain, which is the firmware's, did not delegate reads as
 * inactive whatever is written [aia §4.5.2]. */
static const char *
aplic_init(struct intc *aplic)
{
    const struct platform_plic *facts = aplic->facts;
    uint32_t mode = facts->aia->ids > 0 ? DOMAINCFG_DM : 0;
    bool granted = false, refused = false;
    const char *why = intc_map(aplic, facts->regs.size);
    if (why)
        return why;
    if (mode && !imsic_init_hart(facts->aia->ids))
        return "the hart has no such IMSIC (Ssaia), or the firmware keeps it";
    aplic_write(aplic, DOMAINCFG, mode);
    if ((aplic_read(aplic, DOMAINCFG) & 0xff) != mode)
        return "the APLIC does not deliver as the device tree says";
    for (unsigned source = 0; source <= facts->nsources; source += 32)
        aplic_write(aplic, CLRIE(source), UINT32_MAX);
    for (unsigned source = 1; source <= facts->nsources; source++) {
        uint32_t wanted = aia_source_modes[facts->first + source - 1];
        aplic_write(aplic, SOURCECFG(source), wanted);
        if (wanted != 0 && aplic_read(aplic, SOURCECFG(source)) == wanted)
            granted = true;
        else if (wanted != 0)
            refused = true;
    }
    if (refused && !granted)
        return "the firmware leaves no source of the APLIC to the kernel";
    aplic_write(aplic, DOMAINCFG, mode | DOMAINCFG_IE);
    print_boot("aplic", "%u sources, %s, at %#lx", facts->nsources,
               mode ? "by messages" : "direct", facts->regs.base);
    return NULL;
}

static int
aplic_enable(const struct intc *aplic, unsigned source, unsigned context)
{
    const struct aia_domain *domain = aplic->facts->aia;
    unsigned irq = aplic->facts->first + source - 1;
    uint32_t hart = domain->hart_index[context];
    if (aplic_read(aplic, SOURCECFG(source)) == 0)
        return -ENODEV;
    aplic_write(aplic, TARGET(source),
                hart << TARGET_HART_INDEX |
                    (domain->ids > 0 ? irq : IPRIO_HIGHEST));
    aplic_write(aplic, SETIENUM, source);
    return 0;
}

static void
aplic_disable(const struct intc *aplic, unsigned source)
{
    aplic_write(aplic, CLRIENUM, source);
}

/* ---- Direct delivery [aia §4.8] ---- */

static volatile void *
direct_init_hart(const struct intc *aplic, unsigned context)
{
    unsigned index = aplic->facts->aia->hart_index[context];
    aplic_write(aplic, ITHRESHOLD(index), ITHRESHOLD_NONE);
    aplic_write(aplic, IDELIVERY(index), 1);
    return aplic->regs + CLAIMI(index);
}

/* A claim needs no completion: the source is pending as long as its wire says
 * so [aia §4.7]. */
static void
direct_dispatch(void)
{
    const struct intc_hart *hart = &intc_harts[this_cpu()->index];
    const struct intc *aplic = hart->intc;
    uint32_t source;
    while (aplic &&
           (source = mmio_read32(hart->claim) >> CLAIMI_IDENTITY) != 0 &&
           source <= aplic->facts->nsources)
        intc_handle(aplic, aplic->facts->first + source - 1);
}

const struct intc_ops aplic_ops = {
    .init = aplic_init,
    .init_hart = direct_init_hart,
    .enable = aplic_enable,
    .disable = aplic_disable,
    .dispatch = direct_dispatch,
};

/* ---- Delivery by messages [aia §4.9] ---- */

static volatile void *
msi_init_hart(const struct intc *aplic, unsigned context UNUSED)
{
    return imsic_init_hart(aplic->facts->aia->ids) ? aplic->regs : NULL;
}

/* A message is sent once for each time that the wire rises, so if it is still
 * up afterwards there has to be another [aia §4.9.2]. */
static void
msi_dispatch(void)
{
    unsigned irq;
    while ((irq = imsic_claim()) != 0) {
        const struct intc *aplic = intc_of(irq);
        if (!aplic)
            continue; /* nobody's message */
        unsigned source = irq - aplic->facts->first + 1;
        intc_handle(aplic, irq);
        if (aplic_read(aplic, IN_CLRIP(source)) >> source % 32 & 1)
            aplic_write(aplic, SETIPNUM, source);
    }
}

const struct intc_ops aplic_msi_ops = {
    .init = aplic_init,
    .init_hart = msi_init_hart,
    .enable = aplic_enable,
    .disable = aplic_disable,
    .dispatch = msi_dispatch,
};
