/* What happens when memory runs out.
 *
 * Thread context of a process, no spin lock held, may block. */
#pragma once

#include "lib/compiler.h"

/* Ends the process that holds most memory, init excepted, unless one is
 * ending already, and waits a moment. Returns whether to try again: not if
 * the caller is to end, if there is nobody, or after two seconds.
 * For space_find_memory. */
bool oom_find_memory(unsigned tries);
