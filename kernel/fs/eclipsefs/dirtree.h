/* Directories of extended images: names in the order of their hashes.
 *
 * Names are inline in the directory's record, or in leaves, to which an index
 * in the record leads, through one more level of blocks if need be. A full
 * leaf is split into halves, and leaves are not merged, but an empty one goes
 * away. The record lists up to 495 blocks of up to 509 leaves, of 4076 bytes
 * for names and their heads of 8: room for 10 to 30 million names of 20 bytes,
 * as they come. Then, or when more names share a hash than a leaf holds (at
 * least 15), adding one is -ENOSPC.
 *
 * Owns nothing; takes no lock: the caller has the directory's; may block. */
#pragma once

#include "fs/eclipsefs/record.h"

/* A run of names or index entries on the way to a name. */
struct efs_step {
    struct buf *buf; /* held */
    uint32_t block;  /* its number; 0: the directory's record */
    uint8_t *bytes;
    uint32_t used; /* bytes */
    uint32_t at;   /* the index entry that leads on, or the name, bytes */
};

/* Bytes of the record's value before its index entries. */
#define EFS_DEPTH_SIZE 4u

/* The way to where the names of some hash are. */
struct efs_path {
    unsigned depth; /* step[depth] holds names, those before it indices */
    struct efs_step step[EFSX_HASH_DEPTH_MAX + 1];
    uint64_t low, high; /* upper 32 bits of its hashes: low .. high - 1 */
};

/* A name in a run. */
struct efs_name {
    const char *text; /* not terminated */
    uint32_t len, ino;
    uint32_t at, next; /* where it and the one after it begin, bytes */
    uint64_t hash;
};

uint64_t efs_name_hash(const struct efs *fs, const char *name, size_t len);

/* Goes to where names of a hash with the given upper 32 bits are.
 * Returns 0 and *path, to be put; -EOPNOTSUPP if dir is a list (dir.h);
 * -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_dirtree_find(struct efs *fs, const struct efs_node *dir, uint32_t upper,
                     struct efs_path *path) MUST_CHECK;

/* Gives back what path holds; it may be put twice. */
void efs_dirtree_put(struct efs_path *path);

/* Goes from *name, all zeros at the start, to the next one in path's run.
 * Returns 1, 0 after the last, or -EUCLEAN (logged). */
int efs_dirtree_next(struct efs *fs, const struct efs_node *dir,
                     const struct efs_path *path, struct efs_name *name)
    MUST_CHECK;

/* Goes to a name. Returns 0, *path, to be put, and where it leads to in *ino;
 * -ENOENT; or as efs_dirtree_find. */
int efs_dirtree_lookup(struct efs *fs, const struct efs_node *dir,
                       const char *name, size_t len, struct efs_path *path,
                       uint32_t *ino) MUST_CHECK;
