/* Ending: power-off, reboot, and what the outside is told.
 *
 * Owns the test finisher, which ends an emulator with a status. Thread context,
 * or a panic. */
#pragma once

#include "lib/compiler.h"

/* Maps the finisher, if the platform has one, so that a panic need not. */
void power_init(void);

/* Powers off. The low 8 bits of a status other than 0 are the emulator's exit
 * status if there is a finisher. */
NORETURN void power_off(unsigned status);

/* Starts the machine anew. */
NORETURN void power_reboot(void);
