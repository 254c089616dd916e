/* What the two halves of the platform reader share: platform.c (memory,
 * harts, /chosen) and platform_devices.c (controllers and devices).
 *
 * Owns nothing of its own; the boot hart, inside platform_init. */
#pragma once

#include "dev/platform.h"

extern struct platform platform;

/* Adds the interrupt controllers, then the devices; the harts are known. */
void platform_read_devices(void);

/* Counts and logs a node that is passed over because it makes no sense. */
void platform_malformed(int node, const char *what);

/* As fdt_reg_physical, and -EOVERFLOW if that is no physical address. */
int platform_reg(int node, unsigned index, struct fdt_range *range) MUST_CHECK;

/* A number of at most 32 bits; fallback if it is not there, or no such. */
uint32_t platform_number(int node, const char *name, uint32_t fallback);
