/* Finding data races, in RACE=1 builds: the compiler calls a check before each
 * access to memory that several harts can see.
 *
 * Owns what each hart watches. Now and then a hart stops before a plain access
 * and watches the bytes for a while. What other harts then do to them as if
 * they were alone is a race, if one of the two writes and not both are marked:
 * atomic, or READ_ONCE and WRITE_ONCE. It is logged with the callers on both
 * sides, each pair of places once. Bytes that change though no hart was seen
 * have been changed by assembly, a device, or code left out. No more than a
 * sample is seen: that nothing is found says little after a short run. Any
 * context. In builds without RACE all of this is nothing. */
#pragma once

#include "lib/compiler.h"

#ifdef RACE
/* From now on accesses are checked. Once there are threads. */
void race_start(void);
#else
static inline void
race_start(void)
{
}
#endif
