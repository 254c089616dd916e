/* memfd_create: a file that is nowhere but in memory, and has no name. */
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/tmpfs.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

#define MFD_CLOEXEC  1u
#define MFD_NAME_MAX 249u

/* The root of a file system that is not in the tree. */
static int
get_root(struct dentry **out)
{
    static struct dentry *root; /* guarded by mount_lock */
    struct super *super;
    int err = root ? 0 : tmpfs_open(&super);
    if (!err && !root) {
        err = mount_prepare(super, &root);
        if (err)
            super->ops->unmount(super);
    }
    *out = root;
    return err;
}

/* It has a name for a moment, under the lock: all have the same. */
static int
create(struct dentry **out)
{
    struct inode_new what = {.mode = S_IFREG | 0777};
    struct path_name at = {.kind = LAST_NAME, .len = 5, .name = "memfd"};
    sleeplock_guard(&mount_lock);
    int err = get_root(&at.dir);
    err = err ?: names_create(&at, &what, out);
    return err ?: names_unlink(&at, false);
}

SYSCALL_DEFINE(memfd_create)
{
    char name[MFD_NAME_MAX + 1]; /* which is shown nowhere */
    struct OWNED(dentry) *dentry = NULL;
    struct file *file;
    if (arg[1] & ~(uint64_t)MFD_CLOEXEC)
        return -EINVAL;
    int64_t len = uaccess_read_string(name, uaddr(arg[0]), sizeof(name));
    if (len < 0)
        return len == -ENAMETOOLONG ? -EINVAL : len;
    int err = create(&dentry);
    err = err ?: file_open_dentry(dentry, O_RDWR | O_LARGEFILE, &file);
    return err ?: file_install(file, arg[1] & MFD_CLOEXEC);
}
