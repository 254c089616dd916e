/* Everything that can be asked of a device tree, for trees that may be damaged.
 *
 * One thread; the sanitizers are the judges, and what is not as the headers say
 * ends the test. Needs fdt.c, fdt_bus.c, platform.c and isa.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Gives blob to everything there is. Returns whether it was accepted. */
bool fdt_walk_all(const void *blob, size_t size);
