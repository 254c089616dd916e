#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <riscv.h>
#include <sys/syscall.h>

int
fstatat(int dir, const char *path, struct stat *to, int flags)
{
    return (int)errno_result(
        riscv_syscall6(SYS_newfstatat, dir, (long)path, (long)to, flags, 0, 0));
}

int
stat(const char *path, struct stat *to)
{
    return fstatat(AT_FDCWD, path, to, 0);
}

int
lstat(const char *path, struct stat *to)
{
    return fstatat(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);
}

int
fstat(int fd, struct stat *to)
{
    return (int)errno_result(riscv_syscall3(SYS_fstat, fd, (long)to, 0));
}

int
statx(int dir, const char *path, int flags, unsigned int mask, struct statx *to)
{
    return (int)errno_result(
        riscv_syscall6(SYS_statx, dir, (long)path, flags, mask, (long)to, 0));
}

mode_t
umask(mode_t mask)
{
    return (mode_t)riscv_syscall3(SYS_umask, (long)mask, 0, 0);
}

static char
type_letter(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    default:
        return '-';
    }
}

void
mode_string(mode_t mode, char to[11])
{
    static const char letters[] = "rwxrwxrwx";

    to[0] = type_letter(mode);
    for (int i = 0; i < 9; i++)
        to[1 + i] = mode & (S_IRUSR >> i) ? letters[i] : '-';
    if (mode & S_ISUID)
        to[3] = mode & S_IXUSR ? 's' : 'S';
    if (mode & S_ISGID)
        to[6] = mode & S_IXGRP ? 's' : 'S';
    if (mode & S_ISVTX)
        to[9] = mode & S_IXOTH ? 't' : 'T';
    to[10] = '\0';
}
