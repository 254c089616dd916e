#include <errno.h>
#include <fcntl.h>
#include <riscv.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

static long
file_call(long number, long a, long b, long c)
{
    return errno_result(riscv_syscall3(number, a, b, c));
}

ssize_t
pwrite(int fd, const void *from, size_t n, off_t at)
{
    return errno_result(
        riscv_syscall6(SYS_pwrite64, fd, (long)from, (long)n, at, 0, 0));
}

int
ftruncate(int fd, off_t length)
{
    return (int)file_call(SYS_ftruncate, fd, length, 0);
}

int
truncate(const char *path, off_t length)
{
    return (int)file_call(SYS_truncate, (long)path, length, 0);
}

int
fallocate(int fd, int mode, off_t from, off_t length)
{
    return (int)errno_result(
        riscv_syscall6(SYS_fallocate, fd, mode, from, length, 0, 0));
}

ssize_t
copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t n,
                unsigned int flags)
{
    return errno_result(riscv_syscall6(SYS_copy_file_range, from, (long)from_at,
                                       to, (long)to_at, (long)n, flags));
}

ssize_t
sendfile(int to, int from, off_t *from_at, size_t n)
{
    return errno_result(
        riscv_syscall6(SYS_sendfile, to, from, (long)from_at, (long)n, 0, 0));
}

int
flock(int fd, int operation)
{
    return (int)file_call(SYS_flock, fd, operation, 0);
}

int
fsync(int fd)
{
    return (int)file_call(SYS_fsync, fd, 0, 0);
}

int
fdatasync(int fd)
{
    return (int)file_call(SYS_fdatasync, fd, 0, 0);
}

int
syncfs(int fd)
{
    return (int)file_call(SYS_syncfs, fd, 0, 0);
}

void
sync(void)
{
    riscv_syscall0(SYS_sync);
}
