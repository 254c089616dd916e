#include "fs/names.h"

#include "abi/fcntl.h"
#include "fs/landlock.h"
#include "fs/pagecache.h"

/* Locks or unlocks inodes of one file system, whose names are locked; some
 * may be NULL, or the same. */
static void
lock_inodes(struct inode *const *inodes, unsigned n, bool lock) NO_LOCK_CHECK
{
    for (unsigned i = 0; i < n; i++) {
        bool again = !inodes[i];
        for (unsigned j = 0; j < i; j++)
            again |= inodes[j] == inodes[i];
        if (again)
            continue;
        if (lock)
            sleeplock_lock(&inodes[i]->lock);
        else
            sleeplock_unlock(&inodes[i]->lock);
    }
}

/* Whether names in dir may be changed. */
static int
may_change(const struct dentry *dir)
{
    if (READ_ONCE(dir->super->read_only))
        return -EROFS;
    if (dir->removed)
        return -ENOENT;
    return inode_may(dir->inode, cred_current(), MAY_WRITE | MAY_EXEC)
               ? 0
               : -EACCES;
}

/* Whether d, which is there, may be made anew. */
static int
may_create(const struct path_name *at, const struct dentry *d, bool directory)
{
    if (d->inode)
        return -EEXIST;
    if (at->slash && !directory)
        return -ENOENT;
    return may_change(at->dir);
}

/* Whether the name of d may be taken away, being that of a directory or not:
 * in a directory with the sticky bit only by the owner of either. */
static int
may_remove(const struct dentry *dir, const struct dentry *d, bool directory)
{
    bool is_dir = S_ISDIR(d->inode->mode);
    int err = may_change(dir);
    if (err)
        return err;
    const struct cred *cred = cred_current();
    if ((dir->inode->mode & S_ISVTX) && !inode_is_own(d->inode, cred) &&
        !inode_is_own(dir->inode, cred))
        return -EPERM;
    if (is_dir != directory)
        return is_dir ? -EISDIR : -ENOTDIR;
    return landlock_check(dir, is_dir ? LANDLOCK_ACCESS_FS_REMOVE_DIR
                                      : LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

/* Locks the names of a file system and looks one up. Whoever lets go of *d does
 * so without the lock: with the last reference to it a whole file may go. */
static int
begin(const struct path_name *at, struct dentry **d)
    ACQUIRES(at->dir->super->names)
{
    sleeplock_lock(&at->dir->super->names);
    return dentry_lookup(at->dir, at->name, at->len, d);
}

/* Returns err. */
static int
end(const struct path_name *at, int err) RELEASES(at->dir->super->names)
{
    sleeplock_unlock(&at->dir->super->names);
    return err;
}

/* ---- New names ---- */

/* Sets whose the inode is to be that is made in dir. Who is not of the group
 * that a directory passes on cannot make programs that run for it. */
static void
own(const struct inode *dir, struct inode_new *what)
{
    const struct cred *cred = cred_current();
    what->uid = cred->uid.fs;
    what->gid = dir->mode & S_ISGID ? dir->gid : cred->gid.fs;
    if ((dir->mode & S_ISGID) && S_ISDIR(what->mode))
        what->mode |= S_ISGID;
    else if ((what->mode & S_IXGRP) && cred->uid.fs != 0 &&
             !cred_in_group(cred, what->gid))
        what->mode &= ~S_ISGID;
}

static int
create_locked(const struct path_name *at, struct inode_new *what,
              struct dentry *d)
{
    struct inode *dir = at->dir->inode, *inode;
    int err = may_create(at, d, S_ISDIR(what->mode));
    err = err ?: landlock_check(at->dir, landlock_making(what->mode));
    if (err)
        return err;
    if (!dir->ops->create)
        return -EPERM;
    own(dir, what);
    sleeplock_guard(&dir->lock);
    err = dir->ops->create(dir, at->name, at->len, what, &inode);
    if (!err)
        dentry_fill(d, inode);
    return err;
}

static int
create(const struct path_name *at, struct inode_new *what, struct dentry **out)
{
    struct OWNED(dentry) *d = NULL;
    int err = begin(at, &d) ?: create_locked(at, what, d);
    if (!err && out)
        *out = dentry_ref(d);
    return end(at, err);
}

int
names_create(const struct path_name *at, struct inode_new *what,
             struct dentry **out)
{
    if (at->kind != LAST_NAME)
        return -EEXIST;
    int err = create(at, what, out);
    return inode_made_room(at->dir->super, err) ? create(at, what, out) : err;
}

static int
link_locked(const struct path_name *at, struct dentry *old, struct dentry *d)
{
    struct inode *locked[] = {at->dir->inode, old->inode}, *inode;
    const struct inode_ops *ops = at->dir->inode->ops;
    int err = may_create(at, d, false);
    err = err ?: landlock_check(at->dir, landlock_making(old->inode->mode));
    if (err)
        return err;
    if (old->parent != at->dir && landlock_is_on())
        return -EXDEV;
    if (old->super != at->dir->super)
        return -EXDEV;
    if (!ops->link || S_ISDIR(old->inode->mode))
        return -EPERM;
    err = inode_get(old->super, old->inode->ino, &inode);
    if (err)
        return err;
    lock_inodes(locked, ARRAY_LEN(locked), true);
    err = inode->nlink == 0
              ? -ENOENT
              : ops->link(at->dir->inode, at->name, at->len, inode);
    if (!err)
        dentry_fill(d, inode);
    lock_inodes(locked, ARRAY_LEN(locked), false);
    if (err)
        inode_put(inode);
    return err;
}

static int
link(const struct path_name *at, struct dentry *old)
{
    struct OWNED(dentry) *d = NULL;
    return end(at, begin(at, &d) ?: link_locked(at, old, d));
}

int
names_link(const struct path_name *at, struct dentry *old)
{
    if (at->kind != LAST_NAME)
        return -EEXIST;
    int err = link(at, old);
    return inode_made_room(at->dir->super, err) ? link(at, old) : err;
}

/* ---- Names that go ---- */

static int
unlink_locked(const struct path_name *at, struct dentry *d, bool directory)
{
    struct inode *locked[] = {at->dir->inode, d->inode};
    const struct inode_ops *ops = at->dir->inode->ops;
    if (!d->inode)
        return -ENOENT;
    if (at->slash && !directory)
        return S_ISDIR(d->inode->mode) ? -EISDIR : -ENOTDIR;
    int err = may_remove(at->dir, d, directory);
    if (err)
        return err;
    if (!ops->unlink)
        return -EPERM;
    if (d->mounted)
        return -EBUSY;
    lock_inodes(locked, ARRAY_LEN(locked), true);
    err = ops->unlink(at->dir->inode, at->name, at->len, d->inode);
    if (!err)
        dentry_remove(d);
    lock_inodes(locked, ARRAY_LEN(locked), false);
    return err;
}

int
names_unlink(const struct path_name *at, bool directory)
{
    static const int odd[] = {[LAST_ROOT] = -EBUSY,
                              [LAST_DOT] = -EINVAL,
                              [LAST_DOT_DOT] = -ENOTEMPTY};
    struct OWNED(dentry) *d = NULL;
    if (at->kind != LAST_NAME)
        return directory ? odd[at->kind] : -EISDIR;
    if (READ_ONCE(at->dir->super->read_only))
        return -EROFS;
    return end(at, begin(at, &d) ?: unlink_locked(at, d, directory));
}

/* ---- Names that move ---- */

/* Whether the names themselves, whoever asks, allow it. */
static int
check_names(const struct path_name *from, const struct dentry *old,
            const struct path_name *to, const struct dentry *new,
            unsigned flags)
{
    bool exchange = flags & RENAME_EXCHANGE;
    if (!old->inode || (exchange && !new->inode))
        return -ENOENT;
    if ((flags & RENAME_NOREPLACE) && new->inode)
        return -EEXIST;
    const struct inode *under = exchange ? new->inode : old->inode;
    if ((from->slash && !S_ISDIR(old->inode->mode)) ||
        (to->slash && !S_ISDIR(under->mode)))
        return -ENOTDIR;
    if (dentry_is_below(to->dir, old))
        return -EINVAL;
    if (dentry_is_below(from->dir, new))
        return exchange ? -EINVAL : -ENOTEMPTY;
    return 0;
}

/* Whether the caller has the rights: to take both names away, or to make the
 * new one; and to change a directory's .. if that becomes another. */
static int
check_rights(const struct dentry *from, const struct dentry *old,
             const struct dentry *to, const struct dentry *new, bool exchange)
{
    bool old_dir = S_ISDIR(old->inode->mode);
    bool new_dir = new->inode ? S_ISDIR(new->inode->mode) : false;
    int err = may_remove(from, old, old_dir);
    if (!err && new->inode)
        err = may_remove(to, new, exchange ? new_dir : old_dir);
    else if (!err)
        err = may_change(to);
    err = err ?: landlock_check(to, landlock_making(old->inode->mode));
    if (!err && exchange)
        err = landlock_check(from, landlock_making(new->inode->mode));
    if (err || from == to)
        return err;
    if (landlock_is_on())
        return -EXDEV;
    const struct cred *cred = cred_current();
    if ((old_dir && !inode_may(old->inode, cred, MAY_WRITE)) ||
        (exchange && new_dir && !inode_may(new->inode, cred, MAY_WRITE)))
        return -EACCES;
    return 0;
}

/* A file that takes the place of another must not be empty after a loss of
 * power: its content goes to the disk first. */
static int
write_content(struct inode *inode)
{
    const struct page_ops *ops = inode->page_ops;
    return ops && ops->write_back ? ops->write_back(inode) : 0;
}

static int
rename_locked(const struct path_name *from, struct dentry *old,
              const struct path_name *to, struct dentry *new, unsigned flags)
{
    struct inode *locked[] = {from->dir->inode, to->dir->inode, old->inode,
                              new->inode};
    struct inode_place places[] = {
        {from->dir->inode, from->name, from->len, old->inode},
        {to->dir->inode, to->name, to->len, new->inode}};
    bool exchange = flags & RENAME_EXCHANGE;
    int err = check_names(from, old, to, new, flags);

    /* Two names of one file: both stay [posix, rename]. */
    if (err || old->inode == new->inode)
        return err;
    err = check_rights(from->dir, old, to->dir, new, exchange);
    if (err)
        return err;
    if (!old->inode->ops->rename)
        return -EPERM;
    if (old->mounted || new->mounted)
        return -EBUSY;
    lock_inodes(locked, ARRAY_LEN(locked), true);
    if (new->inode)
        err = write_content(old->inode);
    if (!err && exchange)
        err = write_content(new->inode);
    err = err ?: old->inode->ops->rename(&places[0], &places[1], exchange);
    if (!err) {
        dentry_swap(old, new);
        if (new->inode && !exchange)
            dentry_remove(new);
    }
    lock_inodes(locked, ARRAY_LEN(locked), false);
    return err;
}

static int
move(const struct path_name *from, const struct path_name *to, unsigned flags)
{
    struct OWNED(dentry) *old = NULL, *new = NULL;
    int err = begin(from, &old);
    err = err ?: dentry_lookup(to->dir, to->name, to->len, &new);
    return end(from, err ?: rename_locked(from, old, to, new, flags));
}

int
names_rename(const struct path_name *from, const struct path_name *to,
             unsigned flags)
{
    if (from->dir->super != to->dir->super)
        return -EXDEV;
    if (from->kind != LAST_NAME)
        return -EBUSY;
    if (to->kind != LAST_NAME)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (READ_ONCE(from->dir->super->read_only))
        return -EROFS;
    int err = move(from, to, flags);
    return inode_made_room(from->dir->super, err) ? move(from, to, flags) : err;
}
