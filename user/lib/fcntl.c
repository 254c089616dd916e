#include <fcntl.h>
#include <errno.h>
#include <riscv.h>
#include <stdarg.h>
#include <sys/syscall.h>

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
    return (int)errno_result(
        riscv_syscall6(SYS_openat, dir, (long)path, flags, mode, 0, 0));
}

int
openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode = 0;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, mode_t);
    va_end(args);
    return open_at(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode = 0;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, mode_t);
    va_end(args);
    return open_at(AT_FDCWD, path, flags, mode);
}

int
fcntl(int fd, int command, ...)
{
    va_list args;
    long argument;

    va_start(args, command);
    argument = va_arg(args, long);
    va_end(args);
    return (int)errno_result(riscv_syscall3(SYS_fcntl, fd, command, argument));
}
