/* Physical memory by frames of 4 KiB: a buddy allocator.
 *
 * Owns all RAM that nobody reserves; guarded by an internal lock; any context
 * after frame_init. Blocks are 2^order frames, naturally aligned, addressed
 * through the direct map. Each hart keeps a few free frames of its own: a block
 * of one is had without the lock. They are taken back before memory counts as
 * out. */
#pragma once

#include "mm/memmap.h"

#define FRAME_MAX_ORDER 10 /* 4 MiB */

/* Takes over the RAM of map. Once, on the boot hart, before other harts. */
void frame_init(const struct memmap *map);

/* Returns 2^order frames with undefined content and one reference, or NULL.
 * They count for the running thread's payer (mm/payer.h) until frame_free. */
void *frame_alloc(unsigned order);

/* As frame_alloc, filled with zeros. */
void *frame_alloc_zeroed(unsigned order);

/* Returns a block of frame_alloc, whole and with its last reference. */
void frame_free(void *block, unsigned order);

/* Single frames can be shared: frame_ref adds a reference, frame_unref drops
 * one and frees the frame with the last. */
void frame_ref(void *frame);
void frame_unref(void *frame);
unsigned frame_refs(const void *frame);

/* Drops a reference that is not the only one. Returns whether it did. */
bool frame_unref_shared(void *frame);

/* What a block is used for, for whoever has but an address inside it. The
 * slab allocator marks its blocks; frame_find_block returns the start of the
 * allocated block that address lies in, its order and mark. */
void frame_mark_slab(void *block, unsigned order, bool is_slab);
void *frame_find_block(const void *address, unsigned *order, bool *is_slab);

/* Frames free now, and frames managed in all. */
size_t frame_count_free(void);
size_t frame_count_total(void);
