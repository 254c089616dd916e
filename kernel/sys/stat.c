#include "sys/sys.h"

#include "abi/stat.h"
#include "abi/statfs.h"
#include "abi/statx.h"
#include "dev/blockdev.h"
#include "sys/fileargs.h"

#define AT_NO_AUTOMOUNT 0x800 /* nothing here mounts by itself */

SYSCALL_DEFINE(fstat)
{
    struct stat st;
    struct file *file = file_arg(arg[0]);
    if (!file)
        return -EBADF;
    file_stat(file, &st);
    return arg_write(arg[1], &st);
}

/* Whether an empty path names an open file without a place in the tree. */
static bool
names_pipe(uint64_t fd, uint64_t path)
{
    const struct file *file = file_arg(fd);
    char first;
    return file && !file->dentry && arg_read(&first, path) == 0 &&
           first == '\0';
}

/* Describes what a path leads to, or a descriptor. */
static int
stat_at(uint64_t dirfd, uint64_t path, unsigned flags, struct stat *st)
{
    unsigned follow = flags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW;
    bool empty_ok = flags & AT_EMPTY_PATH;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
        return -EINVAL;
    struct dentry *dentry;
    int err = lookup_arg(dirfd, path, follow, empty_ok, &dentry);
    if (err == -ENOENT && empty_ok && names_pipe(dirfd, path)) {
        file_stat(file_arg(dirfd), st);
        return 0;
    }
    if (err)
        return err;
    inode_stat(dentry->inode, st);
    dentry_put(dentry);
    return 0;
}

SYSCALL_DEFINE(newfstatat)
{
    struct stat st;
    int err = stat_at(arg[0], arg[1], (unsigned)arg[3], &st);
    return err ?: arg_write(arg[2], &st);
}

SYSCALL_DEFINE(statx)
{
    struct stat st;
    if (arg[3] & STATX_RESERVED)
        return -EINVAL;
    unsigned flags = (unsigned)arg[2] & ~AT_STATX_SYNC_TYPE;
    int err = stat_at(arg[0], arg[1], flags, &st);
    if (err)
        return err;
    struct statx stx = {
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = (uint32_t)st.st_blksize,
        .stx_nlink = st.st_nlink,
        .stx_uid = st.st_uid,
        .stx_gid = st.st_gid,
        .stx_mode = (uint16_t)st.st_mode,
        .stx_ino = st.st_ino,
        .stx_size = (uint64_t)st.st_size,
        .stx_blocks = (uint64_t)st.st_blocks,
        .stx_atime.tv_sec = st.st_atim.tv_sec,
        .stx_ctime.tv_sec = st.st_ctim.tv_sec,
        .stx_mtime.tv_sec = st.st_mtim.tv_sec,
        .stx_rdev_major = MAJOR(st.st_rdev),
        .stx_rdev_minor = MINOR(st.st_rdev),
        .stx_dev_major = MAJOR(st.st_dev),
        .stx_dev_minor = MINOR(st.st_dev),
    };
    return arg_write(arg[4], &stx);
}

static int
check_access(const struct inode *inode, unsigned mode)
{
    if ((mode & W_OK) && inode->super->read_only &&
        (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode)))
        return -EROFS;
    return inode_may(inode, cred_current(), mode) ? 0 : -EACCES;
}

static int
access_at(uint64_t dirfd, uint64_t path, unsigned mode, unsigned flags)
{
    struct OWNED(dentry) *dentry = NULL;
    unsigned follow = flags & AT_SYMLINK_NOFOLLOW ? 0 : PATH_FOLLOW;
    int err = lookup_arg(dirfd, path, follow, flags & AT_EMPTY_PATH, &dentry);
    return err ?: check_access(dentry->inode, mode);
}

/* A program that runs for one user on behalf of another asks what that other
 * might do: but for AT_EACCESS, the whole path is walked with the real ids. */
static int64_t
check_access_at(uint64_t dirfd, uint64_t path, unsigned mode, unsigned flags)
{
    if ((mode & ~(unsigned)(R_OK | W_OK | X_OK)) ||
        (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    struct cred *cred = cred_copy();
    if (!cred)
        return -ENOMEM;
    if (!(flags & AT_EACCESS)) {
        cred->uid.fs = cred->uid.real;
        cred->gid.fs = cred->gid.real;
    }
    const struct cred *own = cred_exchange(cred);
    int err = access_at(dirfd, path, mode, flags);
    cred_put(cred_exchange(own));
    return err;
}

SYSCALL_IS(faccessat, check_access_at(arg[0], arg[1], (unsigned)arg[2], 0))
SYSCALL_IS(faccessat2,
           check_access_at(arg[0], arg[1], (unsigned)arg[2], (unsigned)arg[3]))

static int64_t
write_statfs(struct super *super, uint64_t user)
{
    struct statfs st = {
        .f_type = super->magic,
        .f_bsize = super->block_size,
        .f_frsize = super->block_size,
        .f_namelen = NAME_MAX,
        .f_fsid = {(int32_t)super->dev, 0},
        .f_flags = ST_VALID | (super->read_only ? ST_RDONLY : 0) |
                   (super->no_set_id ? ST_NOSUID : 0),
    };
    if (super->ops->statfs)
        super->ops->statfs(super, &st);
    else if (super->bdev)
        st.f_blocks = super->bdev->sectors * SECTOR_SIZE / super->block_size;
    return arg_write(user, &st);
}

SYSCALL_DEFINE(statfs)
{
    struct OWNED(dentry) *dentry = NULL;
    int err = lookup_path(arg[0], PATH_FOLLOW, &dentry);
    return err ?: write_statfs(dentry->super, arg[1]);
}

SYSCALL_DEFINE(fstatfs)
{
    const struct file *file = file_arg(arg[0]);
    if (!file)
        return -EBADF;
    return file->inode ? write_statfs(file->inode->super, arg[1]) : -ENOSYS;
}
