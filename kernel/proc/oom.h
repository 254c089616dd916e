/* What happens when memory runs out.
 *
 * Thread context of a process, no spin lock held, may block. */
#pragma once

#include "lib/compiler.h"

/* Ends the largest process of the user whose processes hold most memory
 * together, or all of them if they are small, init excepted, unless one is
 * ending already, and waits a moment. Returns whether to try again: not if the
 * caller is to end, if there is nobody, or after two seconds. For
 * space_find_memory. */
bool oom_find_memory(unsigned tries);

/* For calls that failed with -ENOMEM: whether to try again. Who holds most
 * himself has to do without; for others space_find_memory is asked, if memory
 * is what was short, and not a limit of theirs. */
bool oom_gives_to_others(unsigned *tries);
