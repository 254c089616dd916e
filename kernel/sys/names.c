/* The system calls that make, link, take away and move names. */
#include "fs/names.h"

#include "lib/string.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

/* Makes what `what` says at a path. */
static int64_t
make(uint64_t dirfd, uint64_t path, struct inode_new *what)
{
    struct OWNED(path_name) at;
    int err = name_arg(dirfd, path, &at);
    if (!S_ISLNK(what->mode))
        what->mode &= ~READ_ONCE(process_current()->fs->umask);
    return err ?: names_create(&at, what, NULL);
}

SYSCALL_DEFINE(mkdirat)
{
    struct inode_new what = {.mode = S_IFDIR | ((uint32_t)arg[2] & 01777)};
    return make(arg[0], arg[1], &what);
}

SYSCALL_DEFINE(mknodat)
{
    uint32_t mode = (uint32_t)arg[2] & (S_IFMT | 07777);
    struct inode_new what = {.mode = mode};
    switch (mode & S_IFMT) {
    case 0:
        what.mode |= S_IFREG;
        break;
    case S_IFCHR:
    case S_IFBLK:
        if (!cred_is_root(cred_current()))
            return -EPERM;
        what.rdev = (uint32_t)arg[3];
        break;
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
        break;
    default:
        return S_ISDIR(mode) ? -EPERM : -EINVAL;
    }
    return make(arg[0], arg[1], &what);
}

SYSCALL_DEFINE(symlinkat)
{
    struct OWNED(path_arg) target;
    int err = path_arg_read(&target, arg[0]);
    if (err)
        return err;
    struct inode_new what = {.mode = S_IFLNK | 0777,
                             .target = target.text,
                             .target_len = strlen(target.text)};
    return what.target_len ? make(arg[1], arg[2], &what) : -ENOENT;
}

SYSCALL_DEFINE(linkat)
{
    unsigned flags = (unsigned)arg[4];
    unsigned follow = flags & AT_SYMLINK_FOLLOW ? PATH_FOLLOW : 0;
    struct OWNED(dentry) *old = NULL;
    struct OWNED(path_name) at = {.dir = NULL};
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    /* Whoever is handed a descriptor is not meant to give it a name. */
    if ((flags & AT_EMPTY_PATH) && !cred_is_root(cred_current()))
        return -ENOENT;
    int err = lookup_arg(arg[0], arg[1], follow, flags & AT_EMPTY_PATH, &old);
    err = err ?: name_arg(arg[2], arg[3], &at);
    return err ?: names_link(&at, old);
}

SYSCALL_DEFINE(unlinkat)
{
    struct OWNED(path_name) at = {.dir = NULL};
    if ((unsigned)arg[2] & ~AT_REMOVEDIR)
        return -EINVAL;
    int err = name_arg(arg[0], arg[1], &at);
    return err ?: names_unlink(&at, arg[2] & AT_REMOVEDIR);
}

SYSCALL_DEFINE(renameat2)
{
    unsigned flags = (unsigned)arg[4];
    struct OWNED(path_name) from = {.dir = NULL}, to = {.dir = NULL};
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    int err = name_arg(arg[0], arg[1], &from);
    err = err ?: name_arg(arg[2], arg[3], &to);
    return err ?: names_rename(&from, &to, flags);
}
