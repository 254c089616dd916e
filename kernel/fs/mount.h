/* The mount table: which file systems make up the tree.
 *
 * Owns the table; guarded by an internal sleep lock. Mounts stay for ever.
 * Thread context, may block. */
#pragma once

#include "fs/dentry.h"

/* One row of the table, for /proc/mounts. */
struct mount {
    /* constant after mounting */
    struct super *super;
    const char *source; /* "/dev/vda", or the type's name */
    struct dentry *root;
    struct list_node node;
    char source_text[24];
};

/* Mounts super as the root of the tree, which must not have one yet.
 * Returns 0, -EBUSY, or the file system's error; super is the table's on
 * success. */
int mount_root(struct super *super) MUST_CHECK;

/* Mounts super on the directory at, hiding what is in it.
 * Returns 0, -ENOTDIR, -EBUSY (at is a root already), or as above. */
int mount_at(struct dentry *at, struct super *super) MUST_CHECK;

/* The root of the whole tree, without a new reference; NULL before
 * mount_root. Any context. */
struct dentry *mount_get_root(void);

/* Walks the table: NULL gives the first mount, NULL is returned after the
 * last. */
const struct mount *mount_next(const struct mount *mount);

/* Returns a device number (st_dev) for a file system without a device. */
uint64_t mount_new_dev(void);
