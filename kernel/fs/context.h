/* Where a process stands in the tree of files: its root, its working
 * directory, its umask.
 *
 * Owns struct fs_context, one for each process, unless CLONE_FS shares it;
 * /proc looks into those of others. Thread context. */
#pragma once

#include "fs/dentry.h"

struct fs_context {
    /* private to the owner while there is but one: a process of one thread;
     * others look under process_lock */
    struct dentry *root; /* with a reference */

    struct spinlock lock;
    /* guarded by lock */
    struct dentry *cwd; /* with a reference */
    struct dentry *exe; /* the program, with a reference; or NULL */

    /* atomic */
    uint32_t refs;             /* processes */
    struct landlock *landlock; /* with a reference; or NULL (fs/landlock.h) */
    uint32_t umask;
};

/* Returns a context at root with umask 022, or NULL without memory. */
struct fs_context *fs_context_create(struct dentry *root);

/* Returns a copy, for a forked process, or NULL without memory. */
struct fs_context *fs_context_clone(struct fs_context *ctx);

/* One more process has it, or one less. */
struct fs_context *fs_context_share(struct fs_context *ctx);
void fs_context_put(struct fs_context *ctx);

/* Whether other processes have it, too. */
static inline bool
fs_context_is_shared(const struct fs_context *ctx)
{
    return READ_ONCE(ctx->refs) > 1;
}

/* The file of the program that is run, or NULL: set takes a new reference, get
 * returns one. */
void fs_context_set_exe(struct fs_context *ctx, struct dentry *exe);
struct dentry *fs_context_get_exe(struct fs_context *ctx);

/* Returns the working directory with a new reference. */
struct dentry *fs_context_get_cwd(struct fs_context *ctx);

/* Takes over the caller's reference to a directory. */
void fs_context_set_cwd(struct fs_context *ctx, struct dentry *dir);
