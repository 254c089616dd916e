/* Ending: power-off, reboot, and what the outside is told.
 *
 * Owns nothing. Thread context, or a panic. */
#pragma once

#include "lib/compiler.h"

/* Powers off. A status other than 0 reaches the emulator's exit status if
 * the machine has a way to pass it on. */
NORETURN void power_off(unsigned status);

/* Starts the machine anew. */
NORETURN void power_reboot(void);
