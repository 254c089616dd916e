/* The kernel's own page table, whose upper half every address space shares.
 *
 * Owns that half; guarded by an internal lock. Its root entries are all in
 * place before the first address space copies them. */
#pragma once

#include "mm/memmap.h"

/* Builds the table: image by section, none of it both writable and
 * executable; RAM at the direct map; and switches this hart to it. Once, on
 * the boot hart, after frame_init. */
void kmap_init(const struct memmap *map);

/* The root, for address spaces to copy the upper half from. */
const uint64_t *kmap_root(void);

/* Makes size bytes of device registers at physical address pa reachable,
 * read-write and not executable; mapping the same page twice is harmless.
 * Returns their kernel address, or NULL without memory for page tables, or
 * if pa is RAM or beyond the direct map. While booting, before the first
 * address space. */
void *kmap_device(uint64_t pa, uint64_t size);

/* A kernel stack of KSTACK_SIZE bytes with an unmapped gap beneath.
 * Returns its top (16-byte aligned, one past the end), or NULL without
 * memory. Any context. */
void *kmap_stack_alloc(void);
void kmap_stack_free(void *top);
