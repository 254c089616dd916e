/* The way to a file's extents and a directory's names.
 *
 * They stand in the record or, when there are too many, in blocks to which an
 * index in the record leads, for names through one more level of index blocks
 * if need be. All are in the order of a key of 32 bits: an extent's logical
 * block, the upper half of a name's hash. A full block is split, blocks are
 * not merged, but an empty one goes away.
 *
 * Owns nothing; takes no lock: the caller has the inode's; may block. All but
 * finding is called within a change, which must be cancelled on errors. */
#pragma once

#include "fs/eclipsefs/record.h"

/* A run of extents, names or index entries on the way. */
struct efs_step {
    struct buf *buf; /* held */
    uint32_t block;  /* its number; 0: the record */
    uint32_t start;  /* bytes before it in its value: an index's depth */
    uint8_t *bytes;
    uint32_t used; /* bytes */
    uint32_t at;   /* the index entry that leads on, bytes */
};

struct efs_path {
    unsigned depth; /* the last step: all before it are indexes */
    struct efs_step step[EFSX_HASH_DEPTH_MAX + 1];
    uint64_t low, high; /* keys of the last step: low .. high - 1 */
};

/* Bytes of a directory's record before its index entries. */
#define EFS_DEPTH_SIZE 4u

/* How many of n entries of that size, each of which begins with its key, in
 * order, have at most this key. */
uint32_t efs_index_count(const void *entries, size_t size, uint32_t n,
                         uint32_t key);

/* Goes to where the entries of a key are. A block of extents is not checked
 * yet, but for what efs_block_get checks, unless bcache_checked says so.
 * Returns 0 and *path, to be put; -EOPNOTSUPP if node is a list of names
 * (dir.h); -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_index_find(struct efs *fs, const struct efs_node *node, uint32_t key,
                   struct efs_path *path) MUST_CHECK;

/* Gives back what path holds; it may be put twice. */
void efs_index_put(struct efs_path *path);

/* A step is damaged: returns as efs_broken. */
int efs_index_broken(struct efs *fs, const struct efs_node *node,
                     const struct efs_step *step, const char *what);

/* Puts n bytes in place of `old` ones at byte `at` of a run: the caller writes
 * to *place. The step is of no more use.
 * Returns 0, 1 if there is no room, -EUCLEAN, -EIO, -ENOMEM. */
int efs_index_splice(struct efs *fs, struct efs_node *node,
                     const struct efs_step *step, uint32_t at, uint32_t old,
                     uint32_t n, uint8_t **place) MUST_CHECK;

/* Makes room in path's full last step, or takes a step towards it. In a block,
 * what is behind byte `cut`, for keys from `first` on, goes to a new one; with
 * cut 0 it cannot be divided: -ENOSPC. Returns 1: the way is to be found anew;
 * -ENOSPC, -EFBIG (an extent too many), -EUCLEAN, -EIO, -ENOMEM. */
int efs_index_make_room(struct efs *fs, struct efs_node *node,
                        const struct efs_path *path, uint32_t cut,
                        uint32_t first) MUST_CHECK;

/* Frees the last step, a block, and each index block that leads to nothing
 * else. Its keys are the left neighbour's then, or, if there is none, the
 * right one's. Returns 0, -EUCLEAN, -EIO, -ENOMEM. */
int efs_index_drop(struct efs *fs, struct efs_node *node,
                   const struct efs_path *path) MUST_CHECK;

/* Puts path after a change to what it leads to: if err is 0, the record is
 * written, too. Returns err, or the record's. */
int efs_index_finish(struct efs *fs, struct efs_node *node,
                     struct efs_path *path, int err) MUST_CHECK;
