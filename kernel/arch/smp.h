/* Other harts: starting them, poking them, stopping them.
 *
 * Owns nothing. */
#pragma once

#include "arch/cpu.h"

/* Starts cpu's hart, which continues at thread->context with translation on.
 * Returns as sbi_hart_start. Boot hart, after kmap_init. */
int smp_start(struct cpu *cpu, struct arch_thread *thread) MUST_CHECK;

/* Makes cpu take a software interrupt. Any context. */
void smp_poke(const struct cpu *cpu);

/* Makes every other hart stop for ever; for panics. Any context. */
void smp_stop_others(void);

/* The software interrupt's work in arch: honours smp_stop_others. */
void smp_handle_poke(void);
