/* The mount table: which file systems make up the tree.
 *
 * Owns the table; guarded by an internal spin lock. Mounts stay for ever.
 * Thread context, may block. */
#pragma once

#include "fs/dentry.h"

struct mount {
    /* constant after mounting */
    struct dentry *root;
    struct list_node node;
};

/* Mounts super on the directory at, hiding what is in it; or, if at is NULL,
 * as the root of the tree, which must not have one yet. A super without a
 * dev is given one.
 * Returns 0, and super is the table's; or -ENOTDIR, -EBUSY (at is a root
 * already), -ENOMEM, or the file system's error. */
int mount_add(struct dentry *at, struct super *super) MUST_CHECK;

/* The root of the whole tree, without a new reference; NULL before it is
 * mounted. Any context. */
struct dentry *mount_get_root(void);

/* Walks the table: NULL gives the first mount, NULL is returned after the
 * last. */
const struct mount *mount_next(const struct mount *mount);
