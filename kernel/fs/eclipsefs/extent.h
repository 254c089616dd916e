/* Extents: which blocks hold a file's content.
 *
 * A file's extents stand in its record (EFS_EXTENTS) or, when there are too
 * many, in blocks that its record lists (EFS_EXTENT_INDEX).
 * Takes no lock: the caller has the inode's; may block on the disk. */
#pragma once

#include "fs/eclipsefs/record.h"
#include "fs/eclipsefs/space.h"

/* A run of a file's blocks that are of one kind. */
struct efs_map {
    uint32_t physical; /* the first one's block; 0: a hole */
    uint32_t count;    /* how many follow one another */
};

/* Checks what a record of layout EFS_EXTENTS or EFS_EXTENT_INDEX says.
 * Returns 0, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_extent_check(struct efs *fs, const struct efs_node *node) MUST_CHECK;

/* Finds the block of logical, and how far its extent, or the hole, goes on at
 * least; a file with inline content is all hole.
 * Returns 0, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_extent_find(struct efs *fs, const struct efs_node *node,
                    uint32_t logical, struct efs_map *map) MUST_CHECK;

/* Within a change: puts a run where there is a hole from logical on, and
 * writes the record. Inline content goes: the caller has put it elsewhere.
 * Returns 0, -ENOSPC, -EFBIG (more extents than an index holds), -EUCLEAN,
 * -EIO, -ENOMEM. */
int efs_extent_insert(struct efs *fs, struct efs_node *node, uint32_t logical,
                      struct efs_run run) MUST_CHECK;

/* Within a change: frees blocks from logical block `blocks` on, the last ones
 * first, as many as one change can hold, and writes the record; without blocks
 * a file whose size is 0 becomes inline. Six more blocks may be touched in the
 * same change. After a crash between two such changes there are blocks behind
 * the file's end: who makes a file longer calls this first.
 * Returns 1 if there are more, for another change; 0; -EUCLEAN, -EIO,
 * -ENOMEM. */
int efs_extent_truncate(struct efs *fs, struct efs_node *node, uint64_t blocks)
    MUST_CHECK;

/* Blocks that the file has, those of its index among them; for st_blocks.
 * Returns 0 and *count, or as efs_extent_find. */
int efs_extent_count(struct efs *fs, const struct efs_node *node,
                     uint64_t *count) MUST_CHECK;
