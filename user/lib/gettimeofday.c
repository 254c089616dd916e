#include <sys/time.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

int
gettimeofday(struct timeval *to, void *unused)
{
    return (int)errno_result(
        riscv_syscall3(SYS_gettimeofday, (long)to, (long)unused, 0));
}
