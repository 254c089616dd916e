#include <sys/statfs.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

int
statfs(const char *path, struct statfs *to)
{
    return (int)errno_result(
        riscv_syscall3(SYS_statfs, (long)path, (long)to, 0));
}

int
fstatfs(int fd, struct statfs *to)
{
    return (int)errno_result(riscv_syscall3(SYS_fstatfs, fd, (long)to, 0));
}
