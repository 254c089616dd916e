#include <sys/uio.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

ssize_t
readv(int fd, const struct iovec *vectors, int count)
{
    return errno_result(riscv_syscall3(SYS_readv, fd, (long)vectors, count));
}

ssize_t
writev(int fd, const struct iovec *vectors, int count)
{
    return errno_result(riscv_syscall3(SYS_writev, fd, (long)vectors, count));
}
