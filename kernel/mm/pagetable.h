/* Page tables of Sv39 [riscv-priv §4.4].
 *
 * Owns nothing: a table belongs to whoever holds its root, who also provides
 * the locking and the fences. A root is the kernel address of a frame with
 * PT_ENTRIES entries. Flags are PTE_* bits; V, A and D are added. */
#pragma once

#include "arch/pte.h"

/* Returns the entry that maps, or would map, va at the given level; NULL if
 * there is no table for it yet and `create` is false or memory has run out,
 * if a larger page covers va, or if the table is shared and `create` says that
 * it will be changed. */
uint64_t *pt_walk(uint64_t *root, uint64_t va, unsigned level, bool create);

/* Maps [va, va + size) to physical memory from pa on, with the largest pages
 * that alignment allows. Asserts that all three are multiples of 4 KiB, and
 * that nothing stands where it puts a page. Returns 0, or -ENOMEM if memory has
 * run out or a larger page is in the way (part of it may be mapped). */
int pt_map(uint64_t *root, uint64_t va, uint64_t pa, uint64_t size,
           uint64_t flags) MUST_CHECK;

/* Frees the tables, not what they map, of the user half of root. */
void pt_free_user_tables(uint64_t *root);

/* The entry for a leaf: adds V, A and D, so that no hardware has to
 * [riscv-priv §4.3.1]. */
static inline uint64_t
pt_leaf(uint64_t pa, uint64_t flags)
{
    return pte_make(pa, flags | PTE_V | PTE_A | PTE_D);
}
