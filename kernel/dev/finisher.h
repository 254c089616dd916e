/* The test finisher: ends the emulator with an exit status.
 *
 * Owns its one register; no lock; any context after finisher_init. */
#pragma once

#include "lib/compiler.h"

/* Maps the device, if the platform has one, so that a panic need not. */
void finisher_init(void);

/* Ends the emulator with status (its low 8 bits; a failing status never
 * turns into 0). Returns only on failure: -ENODEV if there is no finisher,
 * -EIO if it did not end anything. */
int finisher_exit(unsigned status);
