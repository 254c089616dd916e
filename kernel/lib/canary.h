/* A word between a function's arrays and its return address, in SAN=1 and
 * RACE=1 builds: who writes past the end of an array overwrites it, and the
 * function does not return.
 *
 * Owns that word. In other builds all of this is nothing. */
#pragma once

#include "lib/compiler.h"

#ifdef CANARY
/* Takes what nobody can guess. Once, on the only hart that runs: functions that
 * are entered before must not return after. */
void canary_init(uint64_t random);
#else
static inline void
canary_init(uint64_t random)
{
    (void)random;
}
#endif
