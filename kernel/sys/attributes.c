/* The system calls that change what files say of themselves, and their size. */
#include "fs/attributes.h"

#include "abi/stat.h"
#include "fs/landlock.h"
#include "fs/writeback.h"
#include "sys/fileargs.h"
#include "sys/sys.h"

static int
set_at(uint64_t dirfd, uint64_t path, uint64_t flags,
       struct inode_attributes set, bool to_now)
{
    unsigned follow = flags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW;
    struct OWNED(dentry) *d = NULL;
    if ((unsigned)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int err = lookup_arg(dirfd, path, follow, flags & AT_EMPTY_PATH, &d);
    if (!err && (set.mask & SET_MODE) && S_ISLNK(d->inode->mode))
        return -EOPNOTSUPP;
    return err ?: attributes_set(d->inode, &set, to_now);
}

static int
set_fd(uint64_t fd, struct inode_attributes set, bool to_now)
{
    const struct file *file = open_arg(fd);
    if (!file)
        return -EBADF;
    return file->inode ? attributes_set(file->inode, &set, to_now) : -EPERM;
}

static struct inode_attributes
mode_arg(uint64_t mode)
{
    return (struct inode_attributes){.mask = SET_MODE, .mode = mode & 07777};
}

SYSCALL_IS(fchmod, set_fd(arg[0], mode_arg(arg[1]), false))
SYSCALL_IS(fchmodat, set_at(arg[0], arg[1], 0, mode_arg(arg[2]), false))
SYSCALL_IS(fchmodat2, set_at(arg[0], arg[1], arg[3], mode_arg(arg[2]), false))

static struct inode_attributes
owner_arg(uint64_t uid, uint64_t gid)
{
    return (struct inode_attributes){
        .mask = SET_UID | SET_GID, .uid = (uint32_t)uid, .gid = (uint32_t)gid};
}

SYSCALL_IS(fchown, set_fd(arg[0], owner_arg(arg[1], arg[2]), false))
SYSCALL_IS(fchownat,
           set_at(arg[0], arg[1], arg[4], owner_arg(arg[2], arg[3]), false))

/* Reads the times at user address user, NULL: both now. */
static int
times_arg(uint64_t user, struct inode_attributes *set, bool *to_now)
{
    struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    int64_t now = fs_now(), *to[] = {&set->atime, &set->mtime};
    *set = (struct inode_attributes){.mask = 0};
    *to_now = true;
    if (arg_read_if(&times, user) != 0)
        return -EFAULT;
    for (int i = 0; i < 2; i++) {
        int64_t ns = times[i].tv_nsec;
        if (ns != UTIME_NOW && ns != UTIME_OMIT && (uint64_t)ns > 999999999)
            return -EINVAL;
        *to_now &= ns == UTIME_NOW;
        *to[i] = ns == UTIME_NOW ? now : times[i].tv_sec;
        if (ns != UTIME_OMIT)
            set->mask |= i == 0 ? SET_ATIME : SET_MTIME;
    }
    return 0;
}

SYSCALL_DEFINE(utimensat)
{
    struct inode_attributes set;
    bool to_now;
    int err = times_arg(arg[2], &set, &to_now);
    if (err || set.mask == 0)
        return err;
    if (arg[1] || (int)arg[0] == AT_FDCWD)
        return set_at(arg[0], arg[1], arg[3], set, to_now);
    return arg[3] ? -EINVAL : set_fd(arg[0], set, to_now);
}

SYSCALL_DEFINE(truncate)
{
    struct OWNED(dentry) *d = NULL;
    if ((int64_t)arg[1] < 0)
        return -EINVAL;
    int err = lookup_path(arg[0], PATH_FOLLOW, &d);
    if (!err && S_ISREG(d->inode->mode) &&
        !inode_may(d->inode, cred_current(), MAY_WRITE))
        return -EACCES;
    err = err ?: landlock_check(d, LANDLOCK_ACCESS_FS_WRITE_FILE);
    return err ?: attributes_set_size(d->inode, arg[1]);
}

SYSCALL_DEFINE(ftruncate)
{
    const struct file *file = open_arg(arg[0]);
    if ((int64_t)arg[1] < 0)
        return -EINVAL;
    if (!file)
        return -EBADF;
    if (!file->inode || !S_ISREG(file->inode->mode) ||
        !file_allows(file, FILE_WRITE))
        return -EINVAL;
    return attributes_set_size(file->inode, arg[1]);
}

SYSCALL_DEFINE(fallocate)
{
    const struct file *file = file_arg(arg[0]);
    if (!file || !file_allows(file, FILE_WRITE))
        return -EBADF;
    if ((int64_t)arg[2] < 0 || (int64_t)arg[3] <= 0)
        return -EINVAL;
    if (arg[1] != 0)
        return -EOPNOTSUPP;
    if (arg[2] + arg[3] > INT64_MAX)
        return -EFBIG;
    if (!file->inode)
        return -ESPIPE;
    return attributes_allocate(file->inode, arg[2], arg[2] + arg[3]);
}
