/* What is free on an extended image: blocks, and inodes (slots.h).
 *
 * The bitmap on the disk is changed through the journal. In memory one more
 * bitmap says which blocks may be given away: not those in use, not those
 * promised to data that is still being written, and not those whose freeing is
 * not on the disk for good - after a crash they would still belong to their old
 * owner.
 *
 * Takes no lock: all of it is called within a change (efs_begin), where
 * nothing else is said. May block on the disk. A cancelled change takes back
 * what it did to blocks and inodes; what is in memory only (efs_space_reserve,
 * efs_space_unreserve, efs_run_take, efs_run_return) stays. */
#pragma once

#include "fs/eclipsefs/slots.h"

struct efs_run {
    uint32_t start, count; /* blocks */
};

/* Reads the bitmap and counts free blocks and inodes; efs_space_close frees.
 * Called while the image is opened for writing, outside of changes. An image
 * of more than 128 GiB takes more memory than there is in one piece.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int efs_space_open(struct efs *fs) MUST_CHECK;
void efs_space_close(struct efs *fs);

/* Free now and not reserved; of an image that is not open for writing, what
 * its header says. Any context. */
uint64_t efs_space_free_blocks(const struct efs *fs);

/* Blocks that a commit makes free. Any context. */
uint64_t efs_space_free_soon(const struct efs *fs);

/* ---- For change.c: a change's end, and the journal's hooks ---- */

/* The change is part of the running transaction; or it is taken back. */
void efs_space_keep(struct efs *fs);
void efs_space_undo(struct efs *fs);

/* The running transaction has been closed: what is freed from now on belongs
 * to the next one. What the one closed last has freed may be given away. Both
 * take turns. */
void efs_space_closed(struct efs *fs);
void efs_space_committed(struct efs *fs);

/* ---- Blocks of metadata ---- */

/* Takes one block near goal (0: anywhere); inode: one that an inode table's
 * offset can reach.
 * Returns 0 and its bytes, zeros, to be changed until the change ends, then
 * sealed; -ENOSPC, -EIO, -ENOMEM. */
int efs_block_alloc(struct efs *fs, uint32_t goal, bool inode,
                    journal_seal seal, uint32_t *block, uint8_t **bytes)
    MUST_CHECK;

/* Frees a block of metadata, whose replay is revoked. */
int efs_block_free(struct efs *fs, uint32_t block) MUST_CHECK;

/* ---- Blocks of data ---- */

/* Sets blocks aside for data that is still in memory, and for the extents it
 * may need: writing it later cannot fail for want of space. Each may become an
 * extent of its own, in a file whose extents just fill their blocks; so as
 * many blocks again are kept free while they are reserved.
 * Returns 0 or -ENOSPC. */
int efs_space_reserve(struct efs *fs, uint64_t blocks) MUST_CHECK;
void efs_space_unreserve(struct efs *fs, uint64_t blocks);

/* Takes up to most reserved blocks in a row near goal, in memory only, so
 * that data can be written to them; they stay reserved until efs_run_use.
 * Returns 0 or -ENOSPC (only if they were not reserved). */
int efs_run_take(struct efs *fs, uint32_t goal, uint32_t most,
                 struct efs_run *run) MUST_CHECK;

/* Marks a taken run, whose data has been written, in the bitmap: the same
 * change goes on to efs_extent_insert, for which this makes room. The run is
 * no longer reserved. Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int efs_run_use(struct efs *fs, struct efs_run run) MUST_CHECK;

/* Gives a taken run back; its blocks are still reserved. */
void efs_run_return(struct efs *fs, struct efs_run run);

/* Frees blocks of data; each EFSX_BITMAP_BITS of them touch one more block.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int efs_run_free(struct efs *fs, struct efs_run run) MUST_CHECK;
