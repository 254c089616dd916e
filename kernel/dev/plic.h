/* The platform-level interrupt controllers [plic].
 *
 * Owns the PLICs of the platform: one on most machines, one for each node on
 * NUMA ones. The sources of all are numbered through, PLIC by PLIC, from 1;
 * with one PLIC an interrupt's number is its source. Registers are guarded
 * by the lock of dev/irq.c, but for a hart's own claim register. */
#pragma once

#include "lib/compiler.h"

/* Masks every source for every context, and becomes the interrupt controller
 * of dev/irq.h. Boot hart, once. Returns 0, -ENODEV if there is no PLIC,
 * -EINVAL if one's registers do not fit what the device tree says of it, or
 * -ENOMEM. */
int plic_init(void) MUST_CHECK;

/* Lets device interrupts reach this hart; on every hart that starts, after
 * plic_init. Returns 0, or -ENODEV if no PLIC is wired to the hart: it then
 * takes no device interrupts, which is no error. */
int plic_init_hart(void) MUST_CHECK;
