/* Names in memory: the tree of directory entries that path walks go through.
 *
 * Owns the dentry cache: a table of (directory, name) whose entries say which
 * inode the name leads to, or that it leads nowhere. It is guarded by one
 * spin lock; an entry in the table counts as one reference, so an entry
 * whose count is 1 is in nobody's hands and may be thrown out. Who changes
 * names (fs/names.h) changes the table with them, before the locks of the
 * directories concerned are released: the table never says what the file
 * system does not. Thread context, may block, unless said otherwise.
 *
 * A file system is mounted in one place only, so a dentry is enough to name
 * a place in the whole tree: where one is mounted, `mounted` leads from the
 * directory beneath to the root above it, and `covered` back. */
#pragma once

#include "fs/inode.h"

struct dentry {
    /* constant after creation */
    struct super *super;

    /* atomic */
    uint32_t refs;
    struct inode *inode; /* with a reference; NULL: there is no such name, but
                          * dentry_fill may make one */
    struct dentry *mounted; /* the root mounted here, or NULL */
    bool removed; /* the name is gone; set under the inode's lock, too */

    /* guarded by the cache's lock; the first two also by super->names: either
     * is enough to read them */
    struct dentry *parent; /* with a reference; a root is its own, without */
    char *name;            /* from kmalloc, not terminated; a root has none */
    uint32_t len;
    uint32_t hash;
    struct dentry *covered;     /* of a mounted root: what it is mounted on */
    struct list_node hash_node; /* on no list: not in the table */
    struct list_node age_node;  /* least recently looked up first */
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
static inline void
dentry_end(struct dentry **dentry)
{
    if (*dentry)
        dentry_put(*dentry);
}

/* Finds name (len bytes, 1 to NAME_MAX, never . or ..) in the directory dir.
 * Mounts are not followed.
 * Returns 0 with a reference in *out, whose inode is NULL if there is no
 * such name; or -ENOMEM, or the file system's error. */
int dentry_lookup(struct dentry *dir, const char *name, size_t len,
                  struct dentry **out) MUST_CHECK;

/* Returns, with a reference, the directory above dir as a path walk sees it:
 * across mounts, but not above top (NULL: the root of the tree). */
struct dentry *dentry_parent(struct dentry *dir, const struct dentry *top);

/* Returns what is seen at d: the root that is mounted there, if any. Takes
 * over the reference to d, and returns one. */
struct dentry *dentry_enter_mounts(struct dentry *d);

/* Writes the path of dentry from root, "/" at least, to the end of buf.
 * Returns where it starts in buf; -ENAMETOOLONG, or -ENOENT if it has been
 * removed. */
int dentry_path(const struct dentry *dentry, const struct dentry *root,
                char *buf, size_t size) MUST_CHECK;

/* Whether dentry is root or lies below it, across mounts. */
bool dentry_is_inside(const struct dentry *dentry, const struct dentry *root);

/* ---- Changes; super->names and the directories' inodes are locked ---- */

/* The name of d, which led nowhere, leads to inode from now on. Takes over
 * the reference to inode. */
void dentry_fill(struct dentry *d, struct inode *inode);

/* The name of d, which led somewhere, is gone. The inode of d is locked. */
void dentry_remove(struct dentry *d);

/* Gives a and b, of one file system, each other's place and name. */
void dentry_swap(struct dentry *a, struct dentry *b);

/* Whether d is dir or lies below it, in its own file system. */
bool dentry_is_below(const struct dentry *d, const struct dentry *dir);

/* ---- Mounting; the mount table is locked ---- */

/* Mounts root on the directory at. Returns 0, -EBUSY (something is mounted
 * there, or it is a root), -ENOENT (it has been removed). */
int dentry_mount(struct dentry *at, struct dentry *root) MUST_CHECK;

/* Takes root away from where it is mounted, if nobody has a reference to
 * anything below it, and to root itself only the caller has, twice.
 * Returns 0 or -EBUSY. */
int dentry_unmount(struct dentry *root) MUST_CHECK;
