#include "sys/sys.h"

#include "abi/errno.h"
#include "sys/fileargs.h"

/* Flags that matter only while a file is being opened. */
#define OPEN_ONLY (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

/* All that O_PATH leaves of the flags. */
#define PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static unsigned
access_wanted(unsigned flags)
{
    unsigned mask = 0;

    if ((flags & O_ACCMODE) != O_WRONLY)
        mask |= MAY_READ;
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
        mask |= MAY_WRITE;
    return mask;
}

/* Whether what was found may be opened with these flags. */
static int
check_open(const struct inode *inode, unsigned flags)
{
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if ((flags & O_DIRECTORY) && !S_ISDIR(inode->mode))
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    if (S_ISLNK(inode->mode))
        return -ELOOP;

    unsigned mask = access_wanted(flags);
    if (S_ISDIR(inode->mode) && ((mask & MAY_WRITE) || (flags & O_CREAT)))
        return -EISDIR;
    if (!inode_may(inode, credential_current(), mask))
        return -EACCES;
    if (S_ISREG(inode->mode) && (mask & MAY_WRITE) && inode->super->read_only)
        return -EROFS;
    return 0;
}

/* Why a file that is not there cannot be made. */
static int
refuse_create(struct dentry *base, const char *path)
{
    struct dentry *dir;
    struct path_last last;
    int err =
        path_lookup_parent(process_current()->fs, base, path, &dir, &last);
    if (err)
        return err;
    if (last.slash)
        err = -EISDIR;
    else
        err = dir->super->read_only ? -EROFS : -EACCES;
    dentry_put(dir);
    return err;
}

static int
find_to_open(uint64_t dirfd, const char *path, unsigned flags,
             struct dentry **out)
{
    bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    unsigned follow = (flags & O_NOFOLLOW) || exclusive ? 0 : PATH_FOLLOW;
    struct dentry *base;
    int err = base_arg(dirfd, path, &base);
    if (err)
        return err;
    err = path_lookup(process_current()->fs, base, path, follow, out);
    if (err == -ENOENT && (flags & O_CREAT) && *path)
        return refuse_create(base, path);
    return err;
}

static int64_t
open_path(uint64_t dirfd, const char *path, unsigned flags)
{
    struct dentry *dentry;
    int err = find_to_open(dirfd, path, flags, &dentry);
    if (err)
        return err;

    struct file *file;
    unsigned kept = (flags & ~OPEN_ONLY) | O_LARGEFILE;
    err = check_open(dentry->inode, flags);
    if (!err)
        err = file_open_dentry(dentry, kept, &file);
    dentry_put(dentry);
    if (err)
        return err;
    return fdtable_install(process_current()->fdtable, file, 0,
                           flags & O_CLOEXEC);
}

int64_t
sys_openat(const uint64_t arg[6])
{
    unsigned flags = (unsigned)arg[2];
    if (flags & O_PATH)
        flags &= PATH_FLAGS;
    if ((flags & O_CREAT) && (flags & O_DIRECTORY))
        return -EINVAL;

    struct path_arg path;
    int err = path_arg_read(&path, arg[1]);
    if (err)
        return err;
    int64_t fd = open_path(arg[0], path.text, flags);
    path_arg_free(&path);
    return fd;
}
