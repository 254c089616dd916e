#include "sys/sys.h"

#include "fs/attributes.h"
#include "fs/landlock.h"
#include "fs/names.h"
#include "sys/fileargs.h"

/* Flags that matter only while a file is being opened. */
#define OPEN_ONLY (O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC)

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
    if (S_ISLNK(inode->mode) && (!inode->file_ops || (flags & O_NOFOLLOW)))
        return -ELOOP;

    unsigned mask = access_wanted(flags);
    if (S_ISDIR(inode->mode) && ((mask & MAY_WRITE) || (flags & O_CREAT)))
        return -EISDIR;
    if (S_ISREG(inode->mode) && (mask & MAY_WRITE) && inode->super->read_only)
        return -EROFS;
    if (!inode_may(inode, cred_current(), mask))
        return -EACCES;
    return (flags & O_NOATIME) && !inode_is_own(inode, cred_current()) ? -EPERM
                                                                       : 0;
}

/* Finds the name, or makes a file of that name; who comes second, if two do,
 * is told -EEXIST. */
static int
find_or_create(const struct path_name *at, unsigned flags, uint32_t mode,
               struct dentry **out, bool *created)
{
    uint32_t umask = READ_ONCE(process_current()->fs->umask);
    struct inode_new what = {.mode = S_IFREG | (mode & 07777 & ~umask)};
    if (at->kind == LAST_ROOT && !S_ISDIR(at->dir->inode->mode)) {
        *out = dentry_ref(at->dir); /* where a link of /proc has led */
        return 0;
    }
    if (at->kind != LAST_NAME)
        return flags & O_EXCL ? -EEXIST : -EISDIR;
    if (at->slash)
        return -EISDIR;
    int err = dentry_lookup(at->dir, at->name, at->len, out);
    if (err || READ_ONCE((*out)->inode))
        return err;
    dentry_put(*out);
    *out = NULL;
    err = names_create(at, &what, out);
    *created = !err;
    return err == -EPERM ? -EACCES : err;
}

static int
find_to_open(struct dentry *base, const char *path, unsigned flags,
             uint32_t mode, struct dentry **out, bool *created)
{
    struct fs_context *fs = process_current()->fs;
    bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    unsigned follow = (flags & O_NOFOLLOW) || exclusive ? 0 : PATH_FOLLOW;
    int err;

    if (!(flags & O_CREAT))
        return path_lookup(fs, base, path, follow, out);
    do {
        struct OWNED(path_name) at;
        err = path_lookup_parent(fs, base, path, follow, &at);
        if (err)
            return err;
        err = find_or_create(&at, flags, mode, out, created);
    } while (err == -EEXIST && !exclusive);
    return err;
}

/* Whether the process has left itself the right to. */
static int
check_landlock(const struct dentry *d, unsigned flags)
{
    unsigned mask = access_wanted(flags), access = 0;
    if (flags & O_PATH)
        return 0;
    if (mask & MAY_READ)
        access = S_ISDIR(d->inode->mode) ? LANDLOCK_ACCESS_FS_READ_DIR
                                         : LANDLOCK_ACCESS_FS_READ_FILE;
    if (mask & MAY_WRITE)
        access |= LANDLOCK_ACCESS_FS_WRITE_FILE;
    return landlock_check(d, access);
}

static int64_t
open_path(uint64_t dirfd, const char *path, unsigned flags, uint32_t mode)
{
    struct OWNED(dentry) *dentry = NULL;
    struct dentry *base;
    struct file *file;
    bool created = false;
    unsigned kept = (flags & ~(OPEN_ONLY | FILE_RUNS)) | O_LARGEFILE;
    int err = base_arg(dirfd, path, &base);
    err = err ?: find_to_open(base, path, flags, mode, &dentry, &created);
    if (!err && !created)
        err = check_open(dentry->inode, flags);
    err = err ?: check_landlock(dentry, flags);
    err = err ?: file_open_dentry(dentry, kept, &file);
    if (err)
        return err;
    /* Without a descriptor, nothing is lost. From here on another thread may
     * have closed it. */
    int fd = file_install(file, flags & O_CLOEXEC);
    if (fd < 0 || !(flags & O_TRUNC) || created ||
        !S_ISREG(dentry->inode->mode))
        return fd;
    err = attributes_set_size(dentry->inode, 0);
    return err && fdtable_close(process_current()->fdtable, fd) == 0 ? err : fd;
}

SYSCALL_DEFINE(openat)
{
    struct OWNED(path_arg) path;
    unsigned flags = (unsigned)arg[2];
    int err = path_arg_read(&path, arg[1]);
    if (flags & O_PATH)
        flags &= PATH_FLAGS;
    if (flags & O_TMPFILE & ~O_DIRECTORY)
        return -EOPNOTSUPP;
    if ((flags & O_CREAT) && (flags & O_DIRECTORY))
        return -EINVAL;
    return err ?: open_path(arg[0], path.text, flags, (uint32_t)arg[3]);
}
