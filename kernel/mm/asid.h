/* Numbers of address spaces [riscv-priv §4.1.11], and generations of what is
 * in them: docs/memory.md tells how both go together.
 *
 * Owns which number is next; no lock, any context. */
#pragma once

#include "lib/compiler.h"

struct space;

/* Notes how many numbers this hart tells apart, of which at most `most`, at
 * least 1, are used. On each hart in turn, before any space. */
void asid_init_hart(uint64_t most);

/* Gives a new space a number, perhaps another's too, and its first generation:
 * no hart has translations of it. */
void asid_assign(struct space *space);

/* A generation that no space has had yet. */
uint64_t asid_new_generation(void);
