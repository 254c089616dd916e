#include "fs/attributes.h"

#include "fs/pagecache.h"
#include "fs/writeback.h"

static int
check(const struct inode *inode, const struct inode_attributes *set,
      bool to_now)
{
    const struct cred *cred = cred_current();
    bool owner = inode_is_own(inode, cred);
    if (READ_ONCE(inode->super->read_only))
        return -EROFS;
    if (!inode->ops->set_attributes)
        return -EPERM;
    if (cred->uid.fs == 0)
        return 0;
    if (to_now && !owner)
        return inode_may(inode, cred, MAY_WRITE) ? 0 : -EACCES;
    if (!owner || ((set->mask & SET_UID) && set->uid != inode->uid) ||
        ((set->mask & SET_GID) && set->gid != inode->gid &&
         !cred_in_group(cred, set->gid)))
        return -EPERM;
    return 0;
}

/* A program must not run with the rights of an owner who did not ask for it:
 * chown and writing take the set-id bits. S_ISGID without S_IXGRP is none. */
static void
drop_set_id(const struct inode *inode, struct inode_attributes *set)
{
    uint32_t drop = S_ISUID;
    if (inode->mode & S_IXGRP)
        drop |= S_ISGID;
    if (S_ISDIR(inode->mode) || !(inode->mode & drop))
        return;
    set->mode = inode->mode & 07777 & ~drop;
    set->mask |= SET_MODE;
}

int
attributes_will_write(struct inode *inode)
{
    struct inode_attributes set = {.mask = 0};
    if (cred_current()->uid.fs != 0)
        drop_set_id(inode, &set);
    return set.mask ? inode->ops->set_attributes(inode, &set) : 0;
}

int
attributes_apply(struct inode *inode, const struct inode_attributes *set)
{
    if (set->mask & SET_MODE)
        inode->mode = (inode->mode & S_IFMT) | set->mode;
    if (set->mask & SET_UID)
        inode->uid = set->uid;
    if (set->mask & SET_GID)
        inode->gid = set->gid;
    if (set->mask & SET_ATIME)
        inode->atime = set->atime;
    if (set->mask & SET_MTIME)
        inode->mtime = set->mtime;
    inode->ctime = fs_now();
    return 0;
}

int
attributes_set(struct inode *inode, struct inode_attributes *set, bool to_now)
{
    sleeplock_guard(&inode->lock);
    if (set->mask & SET_UID) {
        set->uid = set->uid == UINT32_MAX ? inode->uid : set->uid;
        set->gid = set->gid == UINT32_MAX ? inode->gid : set->gid;
        drop_set_id(inode, set);
    } else if ((set->mask & SET_MODE) && cred_current()->uid.fs != 0 &&
               !cred_in_group(cred_current(), inode->gid)) {
        set->mode &= ~(uint32_t)S_ISGID;
    }
    int err = check(inode, set, to_now);
    err = err ?: inode->ops->set_attributes(inode, set);
    return err;
}

static int
set_size(struct inode *inode, uint64_t size)
{
    sleeplock_guard(&inode->lock);
    return attributes_will_write(inode) ?: inode->ops->set_size(inode, size);
}

int
attributes_set_size(struct inode *inode, uint64_t size)
{
    if (S_ISDIR(inode->mode))
        return -EISDIR;
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    if (!inode->ops->set_size)
        return -EPERM;
    if (READ_ONCE(inode->uses) < 0)
        return -ETXTBSY;
    int err = super_begin_writing(inode->super);
    if (err)
        return err;
    err = set_size(inode, size);
    if (inode_made_room(inode->super, err))
        err = set_size(inode, size);
    super_end_writing(inode->super);
    return err;
}

/* Extends the file by a hole, which goes again if there is no room for it. */
static int
allocate(struct inode *inode, uint64_t from, uint64_t to)
{
    sleeplock_guard(&inode->lock);
    uint64_t size = inode->size;
    int err = attributes_will_write(inode);
    err = err ?: pagecache_has_room(inode, from, to);
    if (!err && to > size)
        err = inode->ops->set_size(inode, to);
    if (!err) {
        err = pagecache_allocate(inode, from - from % BLOCK_SIZE, to);
        if (err && to > size && inode->ops->set_size(inode, size) != 0)
            err = -EIO;
    }
    return err;
}

int
attributes_allocate(struct inode *inode, uint64_t from, uint64_t to)
{
    if (!S_ISREG(inode->mode))
        return -ENODEV;
    if (READ_ONCE(inode->super->read_only))
        return -EROFS;
    if (!inode->page_ops || !inode->ops->set_size)
        return -EOPNOTSUPP;
    int err = allocate(inode, from, to);
    return inode_made_room(inode->super, err) ? allocate(inode, from, to) : err;
}
