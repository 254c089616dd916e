/* The interrupt files in which messages arrive [aia §3.1], one for each hart.
 *
 * Owns this hart's; interrupts off. */
#pragma once

#include "lib/compiler.h"

/* Lets all of this hart's identities, 1 to ids, through, and forgets what was
 * pending. Returns whether it has as many, and the kernel may use them. */
bool imsic_init_hart(unsigned ids);
