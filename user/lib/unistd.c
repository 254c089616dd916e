#include <unistd.h>
#include <errno.h>
#include <limits.h>
#include <riscv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

static inline long
call3(long number, long a, long b, long c)
{
    return errno_result(riscv_syscall3(number, a, b, c));
}

ssize_t
read(int fd, void *to, size_t n)
{
    return call3(SYS_read, fd, (long)to, (long)n);
}

ssize_t
write(int fd, const void *from, size_t n)
{
    return call3(SYS_write, fd, (long)from, (long)n);
}

ssize_t
pread(int fd, void *to, size_t n, off_t at)
{
    return errno_result(
        riscv_syscall6(SYS_pread64, fd, (long)to, (long)n, at, 0, 0));
}

off_t
lseek(int fd, off_t offset, int whence)
{
    return call3(SYS_lseek, fd, offset, whence);
}

int
close(int fd)
{
    return (int)call3(SYS_close, fd, 0, 0);
}

int
dup(int fd)
{
    return (int)call3(SYS_dup, fd, 0, 0);
}

int
dup3(int from, int to, int flags)
{
    return (int)call3(SYS_dup3, from, to, flags);
}

int
dup2(int from, int to)
{
    /* dup3 refuses equal descriptors, dup2 only checks them. */
    if (from == to)
        return call3(SYS_fcntl, from, F_GETFD, 0) < 0 ? -1 : to;
    return dup3(from, to, 0);
}

int
pipe2(int fds[2], int flags)
{
    return (int)call3(SYS_pipe2, (long)fds, flags, 0);
}

int
pipe(int fds[2])
{
    return pipe2(fds, 0);
}

int
faccessat(int dir, const char *path, int mode, int flags)
{
    return (int)errno_result(
        riscv_syscall6(SYS_faccessat2, dir, (long)path, mode, flags, 0, 0));
}

int
access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

int
chdir(const char *path)
{
    return (int)call3(SYS_chdir, (long)path, 0, 0);
}

int
fchdir(int fd)
{
    return (int)call3(SYS_fchdir, fd, 0, 0);
}

int
chroot(const char *path)
{
    return (int)call3(SYS_chroot, (long)path, 0, 0);
}

char *
getcwd(char *to, size_t size)
{
    char path[PATH_MAX], *at = to ? to : path;

    if (call3(SYS_getcwd, (long)at, (long)(to ? size : sizeof(path)), 0) < 0)
        return NULL;
    if (*at != '/') { /* outside the root directory */
        errno = ENOENT;
        return NULL;
    }
    return to ? to : strdup(path);
}

ssize_t
readlinkat(int dir, const char *path, char *to, size_t size)
{
    return errno_result(riscv_syscall6(SYS_readlinkat, dir, (long)path,
                                       (long)to, (long)size, 0, 0));
}

ssize_t
readlink(const char *path, char *to, size_t size)
{
    return readlinkat(AT_FDCWD, path, to, size);
}

int
isatty(int fd)
{
    struct termios settings;

    return tcgetattr(fd, &settings) == 0;
}

pid_t
tcgetpgrp(int fd)
{
    pid_t group;

    return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int
tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}
