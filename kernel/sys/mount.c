/* The system calls that add file systems to the tree and take them away. */
#include "abi/mount.h"
#include "dev/blockdev.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "fs/landlock.h"
#include "fs/mount.h"
#include "fs/procfs.h"
#include "fs/tmpfs.h"
#include "lib/string.h"
#include "sys/fileargs.h"
#include "sys/sys.h"
#include "sys/sysfs.h"

/* Flags that ask for what is so here anyway. */
#define MS_IGNORED (MS_NODIRATIME | MS_RELATIME | MS_SILENT)

/* Finds the file system on the disk whose file is at user address source. One
 * disk is mounted but once. */
static int
open_disk(uint64_t source, bool read_only, struct super **out)
{
    struct OWNED(dentry) *node = NULL;
    int err = lookup_path(source, PATH_FOLLOW, &node);
    if (err)
        return err;
    struct blockdev *dev = NULL;
    if (S_ISBLK(node->inode->mode))
        dev = devfs_block_by_rdev(node->inode->rdev);
    if (!dev)
        return -ENOTBLK;
    for (struct super *s = mount_next(NULL); s; s = mount_next(s))
        if (s->bdev == dev)
            return -EBUSY;
    if (READ_ONCE(dev->writers))
        return -EBUSY;
    err = eclipsefs_mount(dev, read_only, out);
    if (!err && !read_only && (*out)->read_only) {
        (*out)->ops->unmount(*out);
        err = -EROFS;
    }
    return err;
}

static int
open_super(uint64_t source, const char *type, bool read_only,
           struct super **out)
{
    static struct super *const only[] = {&procfs, &sysfs, &devfs, &devpts};
    int err = 0;
    if (strcmp(type, "eclipsefs") == 0)
        return open_disk(source, read_only, out);
    *out = NULL;
    if (strcmp(type, "tmpfs") == 0)
        err = tmpfs_open(out);
    for (size_t i = 0; i < ARRAY_LEN(only); i++)
        if (strcmp(type, only[i]->type) == 0)
            *out = only[i];
    return err || *out ? err : -ENODEV;
}

static int
mount_new(struct dentry *at, const uint64_t arg[6])
{
    char type[16];
    struct super *super;
    int64_t n = uaccess_read_string(type, uaddr(arg[2]), sizeof(type));
    if (n < 0)
        return n == -ENAMETOOLONG ? -ENODEV : (int)n;
    bool read_only = arg[3] & MS_RDONLY;
    int err = open_super(arg[0], type, read_only, &super);
    if (err)
        return err;
    /* Before anybody can run a program of it. */
    super->no_set_id |= !super->root && (arg[3] & MS_NOSUID);
    err = mount_add(at, super);
    if (err) {
        if (super->ops->unmount)
            super->ops->unmount(super);
        return err;
    }
    if (!super->bdev)
        super->read_only = read_only;
    return 0;
}

static int
remount(const struct dentry *root, uint64_t flags)
{
    struct super *super = root->super;
    if (super->root != root || !super->ops->remount)
        return -EINVAL;
    if (!(flags & MS_RDONLY) && super->bdev && READ_ONCE(super->bdev->writers))
        return -EBUSY;
    if (!(flags & MS_RDONLY) && super->is_stale)
        return -EROFS;
    int err = flags & MS_RDONLY ? super_stop_writing(super) : 0;
    err = err ?: super->ops->remount(super, flags & MS_RDONLY);
    if (!err)
        super->no_set_id = flags & MS_NOSUID;
    return err;
}

SYSCALL_DEFINE(mount)
{
    struct OWNED(dentry) *at = NULL;
    if (!cred_is_root(cred_current()) || landlock_is_on())
        return -EPERM;
    if (arg[3] & ~(uint64_t)(MS_RDONLY | MS_NOSUID | MS_REMOUNT | MS_IGNORED))
        return -EINVAL;
    int err = lookup_path(arg[1], PATH_FOLLOW | PATH_DIRECTORY, &at);
    if (err)
        return err;
    sleeplock_guard(&mount_lock);
    return arg[3] & MS_REMOUNT ? remount(at, arg[3]) : mount_new(at, arg);
}

SYSCALL_DEFINE(umount2)
{
    unsigned flags = (unsigned)arg[1];
    struct dentry *root;
    if (!cred_is_root(cred_current()) || landlock_is_on())
        return -EPERM;
    if (flags & ~(MNT_FORCE | UMOUNT_NOFOLLOW))
        return -EINVAL;
    int err =
        lookup_path(arg[0], flags & UMOUNT_NOFOLLOW ? 0 : PATH_FOLLOW, &root);
    if (err)
        return err;
    sleeplock_guard(&mount_lock);
    return mount_remove(root);
}
