/* Node records: what the disk says about one inode. How they are written is
 * record_block.h's.
 *
 * Owns nothing; takes no lock; may block on the disk. A record may be many
 * megabytes long: only its TLV heads and short values are read here, and the
 * place of its content is remembered. */
#pragma once

#include "fs/eclipsefs/super.h"

/* What the value that belongs to the node's type is. */
enum efs_layout {
    EFS_INLINE,       /* CONTENT, or ENTRIES of a directory */
    EFS_EXTENTS,      /* EFSX_EXTENTS */
    EFS_EXTENT_INDEX, /* EFSX_EXTENT_INDEX */
    EFS_HASH_INDEX,   /* EFSX_HASH_INDEX of a directory */
};

struct efs_node {
    uint32_t ino;
    uint32_t type; /* enum eclipsefs_node_type */
    uint32_t mode; /* type bits agree with type, but for device nodes */
    uint32_t uid, gid, nlink;
    uint64_t size; /* as the SIZE TLV says: see efs_node_length */
    uint64_t atime, mtime, ctime; /* seconds since 1970 */
    uint64_t rdev;

    enum efs_layout layout;
    uint64_t data;     /* the value's address, all of it on the device */
    uint32_t data_len; /* its bytes; 0 if the TLV is absent, data then being
                        * the record's address */
};

static inline bool
efs_node_is_dir(const struct efs_node *node)
{
    return node->type == ECLIPSEFS_DIRECTORY;
}

/* The length of a file or a symlink's target, bytes: in the record, SIZE is
 * never used to read. */
static inline uint64_t
efs_node_length(const struct efs_node *node)
{
    return node->layout == EFS_INLINE ? node->data_len : node->size;
}

/* Reads the record of ino. Of a repeated TLV the last counts; a number too
 * short for its tag, and a rest too short for a TLV, are ignored.
 * In an extended image the record's EFSX_CRC must be right, and end it; but a
 * record longer than a block, as a plain image's writer would make it, has all
 * of it in its first block except for the value of one CONTENT or ENTRIES,
 * which is the last TLV and stands behind EFSX_CRC, covered by nothing.
 * Returns 0, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_node_read(struct efs *fs, uint32_t ino, struct efs_node *node)
    MUST_CHECK;
