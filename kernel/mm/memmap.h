/* The machine's physical memory before there is an allocator: what is RAM,
 * what of it is taken, what may not even be mapped.
 *
 * Filled once by the boot hart from the device tree; constant from then on. */
#pragma once

#include "lib/fdt.h"

#define MEMMAP_RAM_MAX      32
#define MEMMAP_RESERVED_MAX 80

struct memmap {
    struct fdt_range ram[MEMMAP_RAM_MAX]; /* sorted, disjoint */
    unsigned nram;
    struct fdt_range reserved[MEMMAP_RESERVED_MAX]; /* in no order */
    bool no_map[MEMMAP_RESERVED_MAX]; /* reserved[i] must stay unmapped */
    unsigned nreserved;
};

/* Finds the first part of [*start, end) that no reserved range touches (or
 * only no no_map range, if unmapped_only), and sets [*start, *stop) to it.
 * Returns false if there is none. */
bool memmap_next_free(const struct memmap *map, bool unmapped_only,
                      uint64_t *start, uint64_t end, uint64_t *stop);
