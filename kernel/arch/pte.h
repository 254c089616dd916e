/* Page table entries of Sv39 [riscv-priv §4.4.1].
 *
 * Owns nothing; any context. */
#pragma once

#include "lib/compiler.h"

#define PTE_V (1ul << 0)
#define PTE_R (1ul << 1)
#define PTE_W (1ul << 2)
#define PTE_X (1ul << 3)
#define PTE_U (1ul << 4)
#define PTE_G (1ul << 5)
#define PTE_A (1ul << 6)
#define PTE_D (1ul << 7)

/* The first of the two bits that hardware leaves to software: the frame, be it
 * a page or a table, is shared and must be copied before it is written. */
#define PTE_COW (1ul << 8)

#define PTE_PPN_SHIFT 10

#define PT_LEVELS  3u   /* 2 is the root, 0 maps 4 KiB pages */
#define PT_ENTRIES 512u /* of a table */

/* Index of va in a table of the given level [riscv-priv §4.4]. */
static inline unsigned
pte_index(uint64_t va, unsigned level)
{
    return (va >> (12 + 9 * level)) & (PT_ENTRIES - 1);
}

/* Bytes that an entry of the given level maps. */
static inline uint64_t
pte_span(unsigned level)
{
    return 1ul << (12 + 9 * level);
}

static inline uint64_t
pte_make(uint64_t pa, uint64_t flags)
{
    return (pa >> 12 << PTE_PPN_SHIFT) | flags;
}

static inline uint64_t
pte_address(uint64_t pte)
{
    return (pte >> PTE_PPN_SHIFT) << 12;
}

/* A valid entry with R, W or X maps memory; without, it points to a table
 * [riscv-priv §4.3.2]. */
static inline bool
pte_is_leaf(uint64_t pte)
{
    return pte & (PTE_R | PTE_W | PTE_X);
}
