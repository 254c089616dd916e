/* Node records of extended images, which are a block each: their checksum,
 * and writing them.
 *
 * Owns nothing; takes no lock: the caller has the inode's; may block on the
 * disk. */
#pragma once

#include "abi/mode.h"
#include "fs/eclipsefs/record.h"

/* The TLVs that are numbers: bytes on the disk, and the field of struct
 * efs_node, an uint32_t or, for numbers of eight bytes, an uint64_t. Records
 * are written in this order. */
#define EFS_NUMBERS 10
extern const struct efs_number {
    enum eclipsefs_tag tag;
    size_t size;
    size_t field;
} efs_numbers[EFS_NUMBERS];

/* The TLVs that hold what a node is for. */
#define EFS_KINDS 5
extern const struct efs_kind {
    enum eclipsefs_tag tag;
    bool directory;
    enum efs_layout layout;
} efs_kinds[EFS_KINDS];

/* Whether a file of that mode is a device node or the like. */
static inline bool
efs_mode_is_device(uint32_t mode)
{
    return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

/* Bytes of a record's value at most, when an extended image writes it. */
#define EFS_VALUE_MAX 3969u

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
 * *node, and a value of that layout and len bytes. Of the old value as many
 * bytes as fit are kept, unless the layout has changed: then all are zeros. The
 * whole record lies in its inode's block; one that does not, as a plain image
 * may have it, or would not, with len > EFS_VALUE_MAX, is -EOPNOTSUPP.
 * Returns 0 and the value's bytes, to be changed until the change ends, in
 * *value unless value is NULL; sets node->data, data_len and, of an inline
 * file or symlink, size. Or -EUCLEAN, -EIO, -ENOMEM. */
int efs_node_write(struct efs *fs, struct efs_node *node, uint32_t len,
                   uint8_t **value) MUST_CHECK;
