#include <sys/mman.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

void *
mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return (void *)errno_result(riscv_syscall6(SYS_mmap, (long)at, (long)length,
                                               protection, flags, fd, offset));
}

int
munmap(void *at, size_t length)
{
    return (int)errno_result(
        riscv_syscall3(SYS_munmap, (long)at, (long)length, 0));
}

int
mprotect(void *at, size_t length, int protection)
{
    return (int)errno_result(
        riscv_syscall3(SYS_mprotect, (long)at, (long)length, protection));
}
