/* Operations on names: each is one change, made of the parts in this folder.
 *
 * Called between efs_begin and efs_end, with nodes as the disk has them; on
 * success the structs are as the disk will have them, on failure they must be
 * restored by the caller, who cancels. Directory nodes are never hidden
 * entries' or damaged: -EUCLEAN otherwise. Takes no lock: the caller has the
 * nodes' and is the only one to change names. Names are checked by the
 * caller: 1 to 255 bytes, no / or NUL, not . or .. Times are seconds since
 * 1970. May block on the disk. Errors of all: -ENOSPC, -EUCLEAN, -EIO,
 * -ENOMEM, -EOPNOTSUPP for directories that are lists (dir.h), -EMLINK where
 * links are added. */
#pragma once

#include "fs/eclipsefs/dir.h"

/* A new inode. */
struct efs_new {
    uint32_t mode; /* with type bits */
    uint32_t uid, gid;
    uint64_t rdev;      /* of a device node */
    const char *target; /* of a symbolic link */
    size_t target_len;
    uint64_t now;
};

/* Makes an inode and gives it a name that is not there yet. -ENAMETOOLONG if
 * the target does not fit into the record. */
int efs_create(struct efs *fs, struct efs_node *dir, const char *name,
               size_t len, const struct efs_new *what, struct efs_node *node)
    MUST_CHECK;

/* Gives node, no directory, one more name that is not there yet. */
int efs_link(struct efs *fs, struct efs_node *dir, const char *name, size_t len,
             struct efs_node *node, uint64_t now) MUST_CHECK;

/* Takes the name that leads to node away. Without names it is an orphan until
 * efs_release. A directory must be empty: -ENOTEMPTY. */
int efs_unlink(struct efs *fs, struct efs_node *dir, const char *name,
               size_t len, struct efs_node *node, uint64_t now) MUST_CHECK;

/* One end of a renaming. */
struct efs_place {
    struct efs_node *dir;
    const char *name;
    size_t len;
    struct efs_node *node; /* what the name leads to; NULL: nothing yet */
};

/* Moves from's node to to's place, whose node, if any, loses that name; or
 * exchanges the two. If both lead to one inode, nothing happens. from->dir and
 * to->dir may be one struct; that neither lies below the other's node is the
 * caller's to see. -ENOTEMPTY. */
int efs_rename(struct efs *fs, struct efs_place *from, struct efs_place *to,
               bool exchange, uint64_t now) MUST_CHECK;

/* A part of freeing an inode without names, which nobody uses any more.
 * Returns 1 if another change must go on with it, 0 when it is gone. */
int efs_release(struct efs *fs, struct efs_node *node) MUST_CHECK;
