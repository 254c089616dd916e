/* The machine's physical memory before there is an allocator: what is RAM,
 * what of it is taken, what may not even be mapped.
 *
 * Filled by the boot hart from the device tree; constant from then on. */
#pragma once

#include "lib/fdt.h"

#define MEMMAP_RAM_MAX      32
#define MEMMAP_RESERVED_MAX 65

struct memmap {
    /* Sorted, disjoint, not adjacent, none empty. */
    struct fdt_range ram[MEMMAP_RAM_MAX];
    unsigned nram;

    /* Not to be allocated. In no order; may overlap, and need not lie in RAM.
     * Of no_map[i], reserved[i] must not even be mapped [dtspec §3.5]. */
    struct fdt_range reserved[MEMMAP_RESERVED_MAX];
    bool no_map[MEMMAP_RESERVED_MAX];
    unsigned nreserved;
};

/* Finds the first whole frames of RAM in [*start, limit) that no reserved range
 * touches (or only no no_map range, if only_unmapped), and sets [*start, *stop)
 * to them. Returns false if there are none. */
bool memmap_next(const struct memmap *map, bool only_unmapped, uint64_t limit,
                 uint64_t *start, uint64_t *stop);
