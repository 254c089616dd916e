/* Device interrupts: who handles which, on which hart, and how often.
 *
 * Owns the table of handlers; guarded by an internal lock, which dispatching
 * does without. Registration in thread context, the rest in any. */
#pragma once

#include "lib/compiler.h"

struct platform_irq;

#define IRQ_MAX 1024 /* sources of a PLIC [plic §1] */

/* Called in interrupt context on the hart the interrupt is routed to. */
struct irq_handler {
    const char *name;
    void (*handle)(void *arg);
    void *arg;
};

/* The interrupt controller, set once by its driver. enable and disable are
 * called with the table's lock held, so never at the same time. */
struct irq_controller {
    const char *name;

    /* The number of an interrupt line of the device tree, or -ENODEV. */
    int (*number)(const struct platform_irq *line);

    /* Routes irq to cpu alone, and unmasks it; if it is being handled where
     * it was routed before, it may come up again at once. Returns 0, -EINVAL
     * (no such interrupt) or -ENODEV (it cannot reach that hart). */
    int (*enable)(unsigned irq, unsigned cpu);
    void (*disable)(unsigned irq);

    /* For the hart that calls. */
    unsigned (*claim)(void); /* 0: none pending on this hart */
    void (*complete)(unsigned irq);
};

void irq_set_controller(const struct irq_controller *controller);

/* The number by which the other functions know a line of the device tree; or
 * -ENODEV: the device has none, or not into this controller. */
int irq_from_platform(const struct platform_irq *line) MUST_CHECK;

/* Registers handler for irq and enables it on one hart, chosen round robin
 * over the harts running so that devices spread. handler must stay valid.
 * Returns 0, -EINVAL (no such interrupt), -EBUSY (taken), -ENOMEM, or -ENODEV
 * (it can reach no running hart, or there is no controller). */
int irq_register(unsigned irq, const struct irq_handler *handler) MUST_CHECK;

/* Moves irq to another hart; it may be handled on the old one still when this
 * returns. Returns 0, -EINVAL (irq not registered, hart not running) or
 * -ENODEV (it cannot reach that hart). */
int irq_set_affinity(unsigned irq, unsigned cpu) MUST_CHECK;

/* Handles everything pending on this hart; called by the trap code. */
void irq_dispatch(void);

/* For /proc/interrupts: the count of irq on cpu, its handler's name (NULL if
 * it has none), the hart it is routed to. */
uint64_t irq_count(unsigned irq, unsigned cpu);
const char *irq_name(unsigned irq);
unsigned irq_affinity(unsigned irq);

/* How often cpu was interrupted and found nothing to claim. */
uint64_t irq_count_spurious(unsigned cpu);
