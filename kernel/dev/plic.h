/* The platform-level interrupt controllers [plic].
 *
 * Owns the PLICs of the platform: one on most machines, one for each node on
 * NUMA ones; dev/platform.h says how their interrupts are numbered. Registers
 * are guarded by the lock of dev/irq.c, but for a hart's own claim register. */
#pragma once

#include "lib/compiler.h"

/* Masks every source for every context. Boot hart, once. Returns 0, -ENODEV
 * if there is no PLIC, -EINVAL if one's registers do not fit what the device
 * tree says of it, or -ENOMEM. */
int plic_init(void) MUST_CHECK;

/* Lets device interrupts reach this hart; on every hart that starts, after
 * plic_init. Returns 0, or -ENODEV if no PLIC is wired to the hart: it then
 * takes no device interrupts, which is no error. */
int plic_init_hart(void) MUST_CHECK;

/* Unmasks irq, which is masked, for cpu. With the lock of dev/irq.c held.
 * Returns 0, -EINVAL (no such interrupt) or -ENODEV (it cannot reach that
 * hart). */
int plic_enable(unsigned irq, unsigned cpu) MUST_CHECK;

/* Masks irq; with the same lock held. */
void plic_disable(unsigned irq);

/* The hart that calls claims what is pending for it, 0 if nothing is, and
 * says that it has handled it. */
unsigned plic_claim(void);
void plic_complete(unsigned irq);
