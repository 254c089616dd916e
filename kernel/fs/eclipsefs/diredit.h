/* Adding names to directories of extended images, and taking them away.
 *
 * Blocks that one addition changes, at most: the record, an index block and
 * what it is split into, a leaf, which may have to be split twice, and a
 * block of the bitmap for each of the three new ones: 9. One removal: the
 * record, an index block, and a block of the bitmap for that or for a leaf,
 * or both: 4. Renaming to a new name does one of each, and changes the record
 * of what is renamed: 14 of JOURNAL_CREDITS.
 *
 * Owns nothing; takes no lock: the caller has the directory's, and calls
 * within a change; each also writes dir's record. May block. On errors the
 * change must be cancelled: -EOPNOTSUPP if dir is a list (dir.h), -EUCLEAN
 * (logged), -EIO, -ENOMEM, and others as they are said. */
#pragma once

#include "fs/eclipsefs/record.h"

/* Adds a name that is not there and leads to ino. Also returns -ENOSPC. */
int efs_dir_add(struct efs *fs, struct efs_node *dir, const char *name,
                size_t len, uint32_t ino) MUST_CHECK;

/* Takes a name away. Also returns -ENOENT. */
int efs_dir_remove(struct efs *fs, struct efs_node *dir, const char *name,
                   size_t len) MUST_CHECK;

/* Makes a name lead to ino. Also returns -ENOENT. */
int efs_dir_set(struct efs *fs, struct efs_node *dir, const char *name,
                size_t len, uint32_t ino) MUST_CHECK;
