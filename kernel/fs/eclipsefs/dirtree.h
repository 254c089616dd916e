/* Directories of extended images: names in the order of their hashes, where
 * fs/eclipsefs/index.h leads to.
 *
 * The record lists up to 495 blocks of up to 509 leaves, of 4076 bytes for
 * names and their heads of 8: room for 10 to 30 million names of 20 bytes, as
 * they come. Then, or when more names share a hash than a leaf holds (at least
 * 15), adding one is -ENOSPC.
 *
 * Blocks that one addition changes, at most: the record, an index block and
 * what it is split into, a leaf, which may have to be split twice, and a
 * block of the bitmap for each of the three new ones: 9. One removal: the
 * record, an index block, and a block of the bitmap for that or for a leaf,
 * or both: 4. Renaming to a new name does one of each, and changes the record
 * of what is renamed: 14 of JOURNAL_CREDITS.
 *
 * Owns nothing; takes no lock: the caller has the directory's; may block. All
 * return -EOPNOTSUPP if the directory is a list (dir.h), -EUCLEAN (logged),
 * -EIO, -ENOMEM, and others as they are said. */
#pragma once

#include "fs/eclipsefs/index.h"

/* A name in a run. */
struct efs_name {
    const char *text; /* not terminated */
    uint32_t len, ino;
    uint32_t at, next; /* where it and the one after it begin, bytes */
    uint64_t hash;
};

uint64_t efs_name_hash(const struct efs *fs, const char *name, size_t len);

/* Goes from *name, all zeros at the start, to the next one in path's last
 * step. Returns 1, 0 after the last, or -EUCLEAN (logged). */
int efs_dirtree_next(struct efs *fs, const struct efs_node *dir,
                     const struct efs_path *path, struct efs_name *name)
    MUST_CHECK;

/* Goes to a name. Returns 0, *path, to be put, and *found; or -ENOENT. */
int efs_dirtree_lookup(struct efs *fs, const struct efs_node *dir,
                       const char *name, size_t len, struct efs_path *path,
                       struct efs_name *found) MUST_CHECK;

/* ---- Within a change, which must be cancelled on errors ----
 *
 * Each also writes dir's record. */

/* Adds a name that is not there and leads to ino. Also returns -ENOSPC. */
int efs_dir_add(struct efs *fs, struct efs_node *dir, const char *name,
                size_t len, uint32_t ino) MUST_CHECK;

/* Takes a name away. Also returns -ENOENT. */
int efs_dir_remove(struct efs *fs, struct efs_node *dir, const char *name,
                   size_t len) MUST_CHECK;

/* Makes a name lead to ino. Also returns -ENOENT. */
int efs_dir_set(struct efs *fs, struct efs_node *dir, const char *name,
                size_t len, uint32_t ino) MUST_CHECK;
