#include "fs/path.h"

#include "lib/string.h"
#include "mm/slab.h"

/* A symbolic link being followed: its target is walked first, then what
 * stood behind the link. */
struct link {
    struct link *outer;
    const char *resume; /* in the outer text */
    char target[PATH_MAX];
};

struct walk {
    struct fs_context *ctx;
    struct dentry *at; /* with a reference */
    const char *rest;  /* of the innermost text */
    struct link *link; /* the innermost, NULL in the path itself */
    unsigned pending;  /* links whose resume is not empty */
    unsigned links;    /* followed so far */
    unsigned flags;
};

static void
move_to(struct walk *w, struct dentry *next)
{
    struct dentry *old = w->at;
    w->at = next;
    dentry_put(old);
}

/* What is seen at d, whose reference is taken over. */
static struct dentry *
cross_mounts(struct dentry *d)
{
    return unlikely(READ_ONCE(d->mounted)) ? dentry_enter_mounts(d) : d;
}

static void
step_up(struct walk *w)
{
    move_to(w, cross_mounts(dentry_parent(w->at, w->ctx->root)));
}

/* Whether names can be looked up in w->at. */
static int
check_search(const struct walk *w)
{
    if (!S_ISDIR(w->at->inode->mode))
        return -ENOTDIR;
    if (!inode_may(w->at->inode, cred_current(), MAY_EXEC))
        return -EACCES;
    return 0;
}

static const char *
skip_slashes(const char *s)
{
    while (*s == '/')
        s++;
    return s;
}

static const char *
skip_name(const char *s)
{
    while (*s && *s != '/')
        s++;
    return s;
}

static int
read_link(struct inode *inode, struct link *link)
{
    int64_t len =
        inode->ops->readlink(inode, link->target, sizeof(link->target));
    if (len < 0)
        return (int)len;
    if (len == 0)
        return -ENOENT;
    if ((uint64_t)len >= sizeof(link->target))
        return -ENAMETOOLONG;
    link->target[len] = '\0';
    return 0;
}

/* Where the link d leads whatever its target reads, as in /proc: in *target,
 * with a reference. Leaves it alone if d is an ordinary one. */
static int
get_target(struct dentry *d, struct dentry **target)
{
    const struct inode_ops *ops = d->inode->ops;
    int err = ops->get_link ? ops->get_link(d->inode, target) : 0;
    if (!err && !*target && ops->get_link && d->inode->file_ops)
        *target = dentry_ref(d);
    return err;
}

/* Goes on with the target of the symbolic link d, from the directory that
 * holds it. Takes over the reference to d. */
static int
follow(struct walk *w, struct dentry *link_dentry)
{
    struct OWNED(dentry) *d = link_dentry;
    struct dentry *target = NULL;
    if (++w->links > PATH_LINKS_MAX)
        return -ELOOP;
    int err = get_target(d, &target);
    if (err)
        return err;
    if (target) {
        move_to(w, cross_mounts(target));
        return 0;
    }
    FREED struct link *link = kmalloc(sizeof(*link));
    err = link ? read_link(d->inode, link) : -ENOMEM;
    if (err)
        return err;
    link->outer = w->link;
    link->resume = w->rest;
    w->pending += *w->rest != '\0';
    w->rest = link->target;
    w->link = link;
    link = NULL;
    if (*w->rest == '/')
        move_to(w, cross_mounts(dentry_ref(w->ctx->root)));
    return 0;
}

/* Ends the innermost link and goes on with what stood behind it. */
static void
end_link(struct walk *w)
{
    struct link *link = w->link;
    w->rest = link->resume;
    w->pending -= *w->rest != '\0';
    w->link = link->outer;
    kfree(link);
}

/* Moves through one component that is not the last or is to be followed;
 * w->rest is what stands behind it. */
static int
step(struct walk *w, const char *name, size_t len, bool last)
{
    int err = check_search(w);
    if (err)
        return err;
    if (name[0] == '.' && len == 1)
        return 0;
    if (name[0] == '.' && name[1] == '.' && len == 2) {
        step_up(w);
        return 0;
    }
    if (len > NAME_MAX)
        return -ENAMETOOLONG;

    struct dentry *d;
    err = dentry_lookup(w->at, name, len, &d);
    if (err)
        return err;
    if (!READ_ONCE(d->inode)) {
        dentry_put(d);
        return -ENOENT;
    }
    d = cross_mounts(d);
    if (S_ISLNK(d->inode->mode) && (!last || (w->flags & PATH_FOLLOW)))
        return follow(w, d);
    move_to(w, d);
    return 0;
}

static int
walk_begin(struct walk *w, struct fs_context *ctx, struct dentry *base,
           const char *path, unsigned flags)
{
    if (*path == '\0')
        return -ENOENT;
    *w = (struct walk){.ctx = ctx, .rest = path, .flags = flags};
    if (*path == '/')
        w->at = cross_mounts(dentry_ref(ctx->root));
    else if (base)
        w->at = dentry_ref(base);
    else
        w->at = fs_context_get_cwd(ctx);
    return 0;
}

/* Lets go of what the walk holds, w->at included if it failed. */
static int
walk_end(struct walk *w, int err)
{
    while (w->link)
        end_link(w);
    if (err)
        dentry_put(w->at);
    return err;
}

/* Takes the last component down instead of moving through it. If it is a
 * symbolic link to be followed, the walk goes on in its target: returns 1. */
static int
stop_at(struct walk *w, const char *name, size_t len, bool slash,
        struct path_name *last)
{
    int err = check_search(w);
    if (err)
        return err;
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(last->name, name, len);
    last->len = len;
    last->slash = slash;
    last->kind = LAST_NAME;
    if (name[0] == '.' && len == 1)
        last->kind = LAST_DOT;
    else if (name[0] == '.' && name[1] == '.' && len == 2)
        last->kind = LAST_DOT_DOT;
    if (last->kind != LAST_NAME || slash || !(w->flags & PATH_FOLLOW))
        return 0;

    struct dentry *d;
    err = dentry_lookup(w->at, name, len, &d);
    if (err)
        return err;
    const struct inode *inode = READ_ONCE(d->inode);
    if (inode && S_ISLNK(inode->mode)) {
        last->kind = LAST_ROOT;
        err = follow(w, d);
        return err ?: 1;
    }
    dentry_put(d);
    return 0;
}

/* Walks to the end or, if last is given, up to the last component. */
static int
walk_on(struct walk *w, struct path_name *last)
{
    for (;;) {
        const char *name = skip_slashes(w->rest);
        if (*name == '\0') {
            if (!w->link)
                return 0;
            end_link(w);
            continue;
        }
        const char *behind = skip_name(name);
        const char *next = skip_slashes(behind);
        size_t len = (size_t)(behind - name);
        bool is_last = *next == '\0' && w->pending == 0;

        w->rest = next;
        if (is_last && last) {
            int more = stop_at(w, name, len, *behind == '/', last);
            if (more <= 0)
                return more;
            continue;
        }
        if (is_last && *behind == '/')
            w->flags |= PATH_FOLLOW | PATH_DIRECTORY;
        int err = step(w, name, len, is_last);
        if (err)
            return err;
    }
}

int
path_lookup(struct fs_context *ctx, struct dentry *base, const char *path,
            unsigned flags, struct dentry **out)
{
    struct walk w;
    int err = walk_begin(&w, ctx, base, path, flags);
    if (err)
        return err;
    err = walk_on(&w, NULL);
    if (!err && (w.flags & PATH_DIRECTORY) && !S_ISDIR(w.at->inode->mode))
        err = -ENOTDIR;
    err = walk_end(&w, err);
    if (!err)
        *out = w.at;
    return err;
}

int
path_lookup_parent(struct fs_context *ctx, struct dentry *base,
                   const char *path, unsigned flags, struct path_name *out)
{
    struct walk w;
    out->dir = NULL;
    out->kind = LAST_ROOT;
    int err = walk_begin(&w, ctx, base, path, flags);
    if (err)
        return err;
    err = walk_end(&w, walk_on(&w, out));
    if (!err)
        out->dir = w.at;
    return err;
}
