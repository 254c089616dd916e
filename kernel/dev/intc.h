/* What irq.c asks of the driver of an interrupt controller, and what it does
 * for one. All controllers of a machine are of one kind.
 *
 * Owns what each hart takes interrupts from: a hart sets its own entry, before
 * the first. Only dev/irq.c and the drivers look in here. */
#pragma once

#include "dev/irq.h"
#include "dev/platform.h"

struct intc_ops;

struct intc {
    /* constant after init */
    const struct intc_ops *ops;
    const struct platform_plic *facts;
    volatile uint8_t *regs;
};

struct intc_ops {
    /* Maps the registers and masks all sources. Returns NULL, or why the
     * controller is of no use. */
    const char *(*init)(struct intc *intc);

    /* Lets this hart, which is that context, take interrupts. Returns the
     * register it claims them by, any address but NULL if it needs none, or
     * NULL if it cannot take any. */
    volatile void *(*init_hart)(const struct intc *intc, unsigned context);

    /* Routes source to context alone, and unmasks it. Returns 0, or -ENODEV if
     * the source is not there. With the lock of irq.c. */
    int (*enable)(const struct intc *intc, unsigned source, unsigned context);

    /* Masks source everywhere. With the lock of irq.c. */
    void (*disable)(const struct intc *intc, unsigned source);

    /* Handles all that is pending on this hart; interrupts off. */
    void (*dispatch)(void);
};

extern const struct intc_ops plic_ops, aplic_ops, aplic_msi_ops;

/* By hart's index. */
extern struct intc_hart {
    const struct intc *intc; /* NULL: the hart takes no interrupts */
    volatile void *claim;
} intc_harts[CPU_MAX];

/* For init: maps the first size bytes of the registers. Returns as that. */
const char *intc_map(struct intc *intc, uint64_t size);

/* Calls irq's handler; intc masks what has none. */
void intc_handle(const struct intc *intc, unsigned irq);

/* The controller that has irq among its sources, or NULL. */
const struct intc *intc_of(unsigned irq);
