/* The system call that adds a file system to the tree. */
#include "abi/errno.h"
#include "abi/mount.h"
#include "dev/blockdev.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

static struct blockdev *
find_disk(uint64_t rdev)
{
    struct blockdev *dev = blockdev_next(NULL);

    while (dev && devfs_block_rdev(dev) != rdev)
        dev = blockdev_next(dev);
    return dev;
}

/* Mounts the disk whose file is at user address source. */
static int
open_super(uint64_t source, struct super **out)
{
    struct dentry *node;
    int error =
        lookup_arg((uint64_t)AT_FDCWD, source, PATH_FOLLOW, false, &node);

    if (error != 0)
        return error;
    struct blockdev *dev = NULL;
    if (S_ISBLK(node->inode->mode))
        dev = find_disk(node->inode->rdev);
    dentry_put(node);
    return dev ? eclipsefs_mount(dev, out) : -ENOTBLK;
}

/* mount(source, target, type, flags, data): what is mounted stays. */
int64_t
sys_mount(const uint64_t arg[6])
{
    char type[16];
    struct dentry *at;
    struct super *super;
    int64_t n = uaccess_read_string(type, uaddr(arg[2]), sizeof(type));

    if (n < 0)
        return n == -ENAMETOOLONG ? -ENODEV : n;
    if (strcmp(type, "eclipsefs") != 0)
        return -ENODEV;
    if (!(arg[3] & MS_RDONLY))
        return -EROFS; /* plain images are never written */
    int error = lookup_arg((uint64_t)AT_FDCWD, arg[1],
                           PATH_FOLLOW | PATH_DIRECTORY, false, &at);
    if (error != 0)
        return error;
    error = open_super(arg[0], &super);
    if (error == 0) {
        error = mount_add(at, super);
        if (error != 0)
            eclipsefs_release(super);
    }
    dentry_put(at);
    return error;
}
