/* The mount table: which file systems make up the tree.
 *
 * Owns the table, and the places where they are mounted; guarded by one sleep
 * lock, which nobody holds who has another. Path walks need none of it. */
#pragma once

#include "fs/dentry.h"

extern struct sleeplock mount_lock;

/* Makes super ready for use, without a place in the tree; mount_lock is held. A
 * super without a dev is given one. Returns 0 with its root in *root, or as
 * dentry_make_root. */
int mount_prepare(struct super *super, struct dentry **root) MUST_CHECK;

/* Mounts super on the directory at, hiding what is in it; or, if at is NULL,
 * as the root of the tree, which must not have one yet.
 * Returns 0, and super is the table's; or -ENOTDIR, -EBUSY (at is a root
 * already, or super is mounted), -ENOENT (at has been removed), -ENOMEM, or
 * the file system's error. */
int mount_add(struct dentry *at, struct super *super) MUST_CHECK;

/* Takes the file system away whose root is given, with a reference which it
 * takes over; mount_lock is held.
 * Returns 0; -EINVAL (it is no mounted root), -EBUSY (the root of the tree, or
 * somebody uses something of it), or its own error. */
int mount_remove(struct dentry *root) MUST_CHECK;

/* The root of the whole tree, without a new reference; NULL before it is
 * mounted. It stays for ever. Any context. */
struct dentry *mount_get_root(void);

/* Walks the table in the order of mounting: NULL gives the first, NULL is
 * returned after the last. mount_lock is held. */
struct super *mount_next(const struct super *super);
