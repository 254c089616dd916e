#include "fs/context.h"

#include "fs/landlock.h"
#include "lib/refcount.h"
#include "mm/slab.h"

/* Takes over the reference to cwd. */
static struct fs_context *
context_new(struct dentry *root, struct dentry *cwd, uint32_t umask)
{
    struct fs_context *ctx = kzalloc(sizeof(*ctx));
    if (!ctx) {
        dentry_put(cwd);
        return NULL;
    }
    spin_init(&ctx->lock, "fs context", RANK_FS_CONTEXT);
    ctx->root = dentry_ref(root);
    ctx->cwd = cwd;
    ctx->umask = umask;
    ctx->refs = 1;
    return ctx;
}

struct fs_context *
fs_context_create(struct dentry *root)
{
    return context_new(root, dentry_ref(root), 022);
}

struct fs_context *
fs_context_clone(struct fs_context *ctx)
{
    struct fs_context *copy =
        context_new(ctx->root, fs_context_get_cwd(ctx), READ_ONCE(ctx->umask));
    if (copy)
        copy->exe = fs_context_get_exe(ctx);
    if (copy)
        copy->landlock = landlock_ref(READ_ONCE(ctx->landlock));
    return copy;
}

struct fs_context *
fs_context_share(struct fs_context *ctx)
{
    refcount_add(&ctx->refs);
    return ctx;
}

void
fs_context_put(struct fs_context *ctx)
{
    if (!refcount_drop(&ctx->refs))
        return;
    dentry_put(ctx->cwd);
    dentry_put(ctx->root);
    dentry_end(&ctx->exe);
    landlock_put(ctx->landlock);
    kfree(ctx);
}

void
fs_context_set_exe(struct fs_context *ctx, struct dentry *exe)
{
    struct OWNED(dentry) *old = exe ? dentry_ref(exe) : NULL;
    spin_guard(&ctx->lock);
    SWAP(ctx->exe, old);
}

struct dentry *
fs_context_get_exe(struct fs_context *ctx)
{
    spin_guard(&ctx->lock);
    return ctx->exe ? dentry_ref(ctx->exe) : NULL;
}

struct dentry *
fs_context_get_cwd(struct fs_context *ctx)
{
    spin_guard(&ctx->lock);
    return dentry_ref(ctx->cwd);
}

void
fs_context_set_cwd(struct fs_context *ctx, struct dentry *dir)
{
    struct OWNED(dentry) *old = dir;
    spin_guard(&ctx->lock);
    SWAP(ctx->cwd, old);
}
