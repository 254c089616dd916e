/* How a hart waits for what another hart is about to do.
 *
 * Owns nothing; any context, with interrupts off. */
#pragma once

#include "lib/compiler.h"

/* Returns when *busy has been seen to be 0, which by then may be over. What
 * another hart takes from user memory meanwhile, this one forgets by itself: it
 * may nap, and nobody who holds a lock has to wait for it. */
void backoff_wait(const uint32_t *busy);
