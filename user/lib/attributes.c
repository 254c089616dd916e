#include <errno.h>
#include <fcntl.h>
#include <riscv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
mkdirat(int dir, const char *path, mode_t mode)
{
    return (int)errno_result(
        riscv_syscall3(SYS_mkdirat, dir, (long)path, (long)mode));
}

int
mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int
mknodat(int dir, const char *path, mode_t mode, dev_t device)
{
    return (int)errno_result(riscv_syscall6(SYS_mknodat, dir, (long)path,
                                            (long)mode, (long)device, 0, 0));
}

int
mknod(const char *path, mode_t mode, dev_t device)
{
    return mknodat(AT_FDCWD, path, mode, device);
}

int
mkfifo(const char *path, mode_t mode)
{
    return mknod(path, S_IFIFO | mode, 0);
}

int
fchmod(int fd, mode_t mode)
{
    return (int)errno_result(riscv_syscall3(SYS_fchmod, fd, (long)mode, 0));
}

int
fchmodat(int dir, const char *path, mode_t mode, int flags)
{
    /* The older call has no flags, but is there on older kernels too. */
    if (!flags)
        return (int)errno_result(
            riscv_syscall3(SYS_fchmodat, dir, (long)path, (long)mode));
    return (int)errno_result(riscv_syscall6(SYS_fchmodat2, dir, (long)path,
                                            (long)mode, flags, 0, 0));
}

int
chmod(const char *path, mode_t mode)
{
    return fchmodat(AT_FDCWD, path, mode, 0);
}

int
fchown(int fd, uid_t user, gid_t group)
{
    return (int)errno_result(
        riscv_syscall3(SYS_fchown, fd, (long)user, (long)group));
}

int
fchownat(int dir, const char *path, uid_t user, gid_t group, int flags)
{
    return (int)errno_result(riscv_syscall6(SYS_fchownat, dir, (long)path,
                                            (long)user, (long)group, flags, 0));
}

int
chown(const char *path, uid_t user, gid_t group)
{
    return fchownat(AT_FDCWD, path, user, group, 0);
}

int
lchown(const char *path, uid_t user, gid_t group)
{
    return fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}

int
utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
    return (int)errno_result(riscv_syscall6(SYS_utimensat, dir, (long)path,
                                            (long)times, flags, 0, 0));
}

int
futimens(int fd, const struct timespec times[2])
{
    return utimensat(fd, NULL, times, 0);
}
