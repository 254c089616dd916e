/* Changing the thread that a hart runs.
 *
 * Interrupts off; the scheduler's business. */
#pragma once

#include "arch/cpu.h"

/* Leaves prev and continues next; returns when something switches to prev
 * again, perhaps on another hart. */
void cpu_switch(struct arch_thread *prev, struct arch_thread *next);

/* Floating-point registers to and from memory. */
void fpu_save(struct fpu_state *state);
void fpu_load(const struct fpu_state *state);
