/* The inode table of an extended image: a slot for each inode, changed through
 * the journal. Free ones are zeros.
 *
 * Owns the counts in struct efs that are named after it. Takes no lock: all of
 * it is called within a change, where nothing else is said. May block on the
 * disk. A cancelled change takes back what it did. */
#pragma once

#include "fs/eclipsefs/super.h"

/* Counts free inodes; for efs_space_open. Returns 0, -EIO, -ENOMEM. */
int efs_slots_open(struct efs *fs) MUST_CHECK;

/* Free now; of an image that is not open for writing, what its header says.
 * Any context. */
uint32_t efs_space_free_inodes(const struct efs *fs);

/* Takes a free inode and its block, near goal. Returns as efs_block_alloc;
 * -ENOSPC also if all inodes are in use. */
int efs_inode_alloc(struct efs *fs, uint32_t goal, uint32_t *ino) MUST_CHECK;

/* Frees an inode and its block. */
int efs_inode_free(struct efs *fs, uint32_t ino) MUST_CHECK;

/* Marks an inode that has lost its last name and is still open. */
int efs_inode_set_orphan(struct efs *fs, uint32_t ino, bool orphan) MUST_CHECK;

/* The lowest orphan above `after`; outside of changes. Returns 0 and *ino, 0
 * after the last; -EIO, -ENOMEM. */
int efs_inode_next_orphan(struct efs *fs, uint32_t after, uint32_t *ino)
    MUST_CHECK;
