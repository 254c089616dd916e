/* Node records: what the disk says about one inode.
 *
 * Owns nothing; takes no lock; may block on the disk. A record may be many
 * megabytes long: only its TLV heads and short values are read here, and the
 * place of its content is remembered. */
#pragma once

#include "fs/eclipsefs/super.h"

struct efs_node {
    uint32_t ino;
    uint32_t type; /* enum eclipsefs_node_type */
    uint32_t mode; /* type bits agree with type */
    uint32_t uid, gid, nlink;
    uint64_t size; /* as the SIZE TLV says; data_len is what counts */
    uint64_t atime, mtime, ctime; /* seconds since 1970 */

    /* CONTENT of a file or symlink, ENTRIES of a directory */
    uint64_t data;     /* address, all of it on the device */
    uint32_t data_len; /* bytes; 0 if the TLV is absent */
};

/* Reads the record of ino. Of a repeated TLV the last counts; a number too
 * short for its tag, and a rest too short for a TLV, are ignored.
 * Returns 0, -EUCLEAN (logged), -EIO, -ENOMEM. */
int efs_node_read(struct efs *fs, uint32_t ino, struct efs_node *node)
    MUST_CHECK;
