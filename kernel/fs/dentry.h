/* Names in memory: the tree of directory entries that path walks go through.
 *
 * Owns the dentry cache: a table of (directory, name) whose entries say which
 * inode the name leads to, or that it leads nowhere. It is guarded by one
 * spin lock; an entry in the table counts as one reference, so an entry
 * whose count is 1 is in nobody's hands and may be thrown out.
 * Thread context, may block, unless said otherwise.
 *
 * A file system is mounted in one place only, so a dentry is enough to name
 * a place in the whole tree: where one is mounted, `mounted` leads from the
 * directory beneath to the root above it, and `covered` back. */
#pragma once

#include "fs/inode.h"

struct dentry {
    /* constant after creation */
    struct dentry *parent; /* with a reference; a root is its own, without */
    struct inode *inode;   /* with a reference; NULL: there is no such name */
    struct super *super;
    uint32_t hash;
    uint32_t len; /* of name, bytes */

    /* atomic */
    uint32_t refs;
    struct dentry *mounted; /* the root mounted here, or NULL */
    struct dentry *covered; /* of a mounted root: what it is mounted on */

    /* guarded by the cache's lock */
    struct list_node hash_node; /* on no list: not in the table */
    struct list_node age_node;  /* least recently looked up first */

    char name[]; /* constant, terminated; "" for a root */
};

/* Starts the cache, which keeps about max_entries unused names. Once. */
void dentry_init_cache(size_t max_entries);

/* Makes the root of a file system from its root inode.
 * Returns 0 with a reference in *out, -ENOTDIR, -ENOMEM, or the file
 * system's error. */
int dentry_make_root(struct super *super, struct dentry **out) MUST_CHECK;

/* Any context. */
struct dentry *dentry_ref(struct dentry *dentry);

void dentry_put(struct dentry *dentry);

/* Finds name (len bytes, 1 to NAME_MAX, never . or ..) in the directory dir.
 * Mounts are not followed.
 * Returns 0 with a reference in *out, whose inode is NULL if there is no
 * such name; or -ENOMEM, or the file system's error. */
int dentry_lookup(struct dentry *dir, const char *name, size_t len,
                  struct dentry **out) MUST_CHECK;

/* Writes the path of dentry from root, "/" at least, to the end of buf.
 * Returns where it starts in buf, or -ENAMETOOLONG. */
int dentry_path(const struct dentry *dentry, const struct dentry *root,
                char *buf, size_t size) MUST_CHECK;
