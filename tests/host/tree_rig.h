/* A file system on a disk in memory, mounted in a tree, and the model that it
 * is held to: each operation is done to both, and what it returns is checked.
 *
 * What the disk has no room for has not happened, and then there must really
 * be none. One thread; needs TREE_SRCS. */
#pragma once

#include "tree_model.h"
#include "vfs_rig.h"

#include "fs/file.h"
#include "fs/names.h"

#define TREE_HANDLES 8u

struct tree_rig {
    struct vfs_rig vfs;
    struct dentry *root; /* of the mounted file system, with a reference */
    uint64_t random;
    unsigned drain;   /* operations from now on that rather take away */
    uint64_t refused; /* operations for which there was no room */

    /* Files and directories that are open; node NULL: none is. */
    struct tree_handle {
        struct model_node *node;
        struct file *file;
    } handles[TREE_HANDLES];
};

/* A name in a directory. */
struct tree_place {
    struct model_node *dir;
    unsigned i;
    struct path_name at; /* with a reference to the dentry */
};

/* Formats a disk and mounts it. names: of the table of names; cache: pages. */
void tree_init(struct tree_rig *rig, size_t blocks, size_t cache, size_t names,
               const struct efs_format *format);
void tree_free(struct tree_rig *rig);

/* A random number below n > 0. */
uint32_t tree_pick(struct tree_rig *rig, uint32_t n);

/* Closes all handles, unmounts, checks the image, mounts again, and compares
 * everything with the model. With power_loss, after a sync, the disk is what
 * it was before the unmounting. */
void tree_remount(struct tree_rig *rig, bool power_loss);

/* Compares everything with the model. */
void tree_compare(struct tree_rig *rig);

/* Does something at random. */
void tree_step(struct tree_rig *rig);

/* ---- For tree_ops.c ---- */

/* A directory, and a name in it, which is there if `there` and that can be. */
void tree_choose(struct tree_rig *rig, bool there, struct tree_place *place);
void tree_put(struct tree_place *place);

/* What place leads to; NULL: nothing. */
struct model_node *tree_node(const struct tree_place *place);
struct dentry *tree_lookup(const struct tree_place *place);

/* Whether an operation that returned `result`, where the model says `want`,
 * was done; fails if neither that nor for want of room. */
bool tree_done(struct tree_rig *rig, int64_t result, int64_t want);

/* Holds an inode, or all that is in a directory, to its node. */
void tree_check_node(const struct model_node *node, const struct inode *inode);
void tree_check_names(struct tree_rig *rig, const struct model_node *dir,
                      struct dentry *dentry);
void tree_check_content(const struct model_node *node, struct inode *inode,
                        uint64_t at, size_t n);
