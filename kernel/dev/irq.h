/* Device interrupts: who handles which, on which hart, and how often.
 *
 * Owns the interrupt controllers, PLICs [plic] or those of an AIA [aia], one on
 * most machines, one for each node on NUMA ones, and the table of handlers;
 * guarded by an internal lock, which dispatching does without. Registration in
 * thread context, the rest in any. Interrupts have the numbers that
 * dev/platform.h gives them. */
#pragma once

#include "arch/cpu.h"

#define IRQ_MAX 1024 /* sources of a PLIC [plic §1] or APLIC */

/* Called in interrupt context on the hart the interrupt is routed to. */
struct irq_handler {
    const char *name;
    void (*handle)(void *arg);
    void *arg;
    bool untraced; /* what is traced leaves by this device */
    /* private to the owner: the hart of each index; others only look */
    uint64_t counts[CPU_MAX];
};

/* Masks every interrupt for every hart, and gives what the trap code is to call
 * for those of devices: it handles everything that is pending on its hart. Boot
 * hart, once. Returns NULL, or why the kernel can have no interrupts. */
MUST_CHECK const char *irq_init(void (**dispatch)(void));

/* Lets device interrupts reach this hart; on every hart that starts, after
 * irq_init. Returns 0, or -ENODEV if none can interrupt the hart: it then
 * takes no device interrupts, which is no error. */
int irq_init_hart(void) MUST_CHECK;

/* Registers handler for irq and enables it on one hart, chosen round robin
 * over the harts running so that devices spread. handler must stay valid.
 * Returns 0, -EINVAL (no such interrupt), -EBUSY (taken) or -ENODEV (it can
 * reach no running hart). */
int irq_register(unsigned irq, struct irq_handler *handler) MUST_CHECK;

/* The handler of irq, NULL if it has none; for what /proc and /sys show. */
struct irq_handler *irq_handler(unsigned irq);
