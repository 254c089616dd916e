/* Node records: what the disk says about one inode.
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

/* Bytes of a record's value at most, when an extended image writes it. */
#define EFS_VALUE_MAX 3969u

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

/* Gets the first block of an extended image's record, in which address lies,
 * checked. Returns 0 and a held buffer, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_node_block(struct efs *fs, uint32_t ino, uint64_t address,
                   struct buf **buf) MUST_CHECK;

/* Lays a record of node's attributes, and of a value of that layout and len
 * bytes, out in block, which holds the old record or zeros; efs_node_seal sets
 * its checksum. Returns where the value is. */
uint8_t *efs_node_lay_out(uint8_t *block, const struct efs_node *node,
                          uint32_t len);
void efs_node_seal(uint8_t *block);

/* Within a change: writes node's record, with its attributes as they are in
 * *node, and a value of that layout and len <= EFS_VALUE_MAX bytes. Of the old
 * value as many bytes as fit are kept, unless the layout has changed: then all
 * are zeros. The whole record lies in its inode's block; one that does not, as
 * a plain image may have it, is -EOPNOTSUPP.
 * Returns 0 and the value's bytes, to be changed until the change ends, in
 * *value unless value is NULL; sets node->data, data_len and, of an inline
 * file or symlink, size. Or -EUCLEAN, -EIO, -ENOMEM. */
int efs_node_write(struct efs *fs, struct efs_node *node, uint32_t len,
                   uint8_t **value) MUST_CHECK;
