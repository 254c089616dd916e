/* The interrupt controllers of a machine with an AIA [aia], as its device tree
 * has them: APLICs, which know devices by wires, and perhaps an IMSIC at each
 * hart, which know them by messages.
 *
 * Owns what it read; constant after aia_read, so no lock and any context. */
#pragma once

#include "dev/irq.h"
#include "dev/platform.h"

/* The domain of an APLIC that belongs to S-mode [aia §4.2]. */
struct aia_domain {
    /* It sends messages of this many identities; 0: it delivers directly. */
    unsigned ids;
    /* Of each context, the domain's name for that hart [aia §4.3]. */
    uint16_t hart_index[PLATFORM_HARTS_MAX];
};

/* Enters every APLIC domain that interrupts harts in S-mode among platform's
 * PLICs. One that sends messages has the interrupt files as its contexts. What
 * makes no sense is logged and left out. Boot hart, once the tree was walked;
 * for machines without a PLIC. */
void aia_read(struct platform *platform);

/* The source mode of each interrupt, as the device says that it has it [aia
 * §4.5.2]; 0, for inactive, if no device does. Set by aia_read. */
extern uint8_t aia_source_modes[IRQ_MAX];
