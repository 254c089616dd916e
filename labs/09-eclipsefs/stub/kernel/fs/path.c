#include "fs/path.h"

#include "lib/string.h"
#include "lib/todo.h"
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

/* Moves to the directory above, as seen from w->ctx->root: nobody gets above
 * his root. dentry.h has what goes there, across mounts. */
static void
step_up(struct walk *w)
{
    LAB_TODO(9);
}

/* Whether names can be looked up in w->at: -ENOTDIR, -EACCES without the right
 * to search (MAY_EXEC). */
static int
check_search(const struct walk *w)
{
    LAB_TODO(9);
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

/* Reads the target of a symbolic link, terminated. One without a character
 * leads nowhere, -ENOENT [posix §4.13]; one that does not fit is -ENAMETOOLONG.
 */
static int
read_link(struct inode *inode, struct link *link)
{
    LAB_TODO(9);
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

/* Goes on with the target of the symbolic link link_dentry, from the directory
 * that holds it (w->at), or from the root if it begins with a slash. Takes over
 * the reference to link_dentry, whatever happens. More than PATH_LINKS_MAX in
 * one walk are -ELOOP.
 *
 * Nobody calls himself here: a struct link, from kmalloc, remembers where to go
 * on behind the link, and becomes the innermost one. w->pending counts those
 * behind which something is left. What get_target leads to is moved to at once.
 */
static int
follow(struct walk *w, struct dentry *link_dentry)
{
    LAB_TODO(9);
}

/* Ends the innermost link, frees it, and goes on with what stood behind it. */
static void
end_link(struct walk *w)
{
    LAB_TODO(9);
}

/* Moves through one component (len bytes at name) that is not the last or is to
 * be followed; w->rest is what stands behind it. In this order: may names be
 * looked up here? Is it . or .., which no file system is asked for? Is it
 * longer than NAME_MAX? dentry_lookup finds the rest, with a reference, and an
 * inode of NULL if there is no such name. What is found may be mounted upon,
 * and may be a symbolic link: which are followed [posix §4.13]? */
static int
step(struct walk *w, const char *name, size_t len, bool last)
{
    LAB_TODO(9);
}

/* Makes w ready: an empty path leads nowhere, one that begins with a slash
 * starts at ctx's root, others at base or, if that is NULL, in the working
 * directory. w->at has a reference. */
static int
walk_begin(struct walk *w, struct fs_context *ctx, struct dentry *base,
           const char *path, unsigned flags)
{
    LAB_TODO(9);
}

/* Lets go of what the walk holds, w->at included if it failed. Returns err. */
static int
walk_end(struct walk *w, int err)
{
    LAB_TODO(9);
}

/* Takes the last component down instead of moving through it: name, length,
 * kind, and whether slashes follow. That it is searched for is checked, and
 * that it is no longer than NAME_MAX. If it is a symbolic link, and to be
 * followed (PATH_FOLLOW, and no slash behind it), the walk goes on in its
 * target: returns 1; *last is that of a path without a last component until
 * another one comes. Else 0, or an error. */
static int
stop_at(struct walk *w, const char *name, size_t len, bool slash,
        struct path_name *last)
{
    LAB_TODO(9);
}

/* Walks to the end or, if last is given, up to the last component. Components
 * are what is between slashes; when a text is at its end, end_link goes back to
 * the one around it. The last component is the one behind which nothing is
 * left, here or in the texts around. A slash behind it asks for PATH_FOLLOW and
 * PATH_DIRECTORY, unless last is given. */
static int
walk_on(struct walk *w, struct path_name *last)
{
    LAB_TODO(9);
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
