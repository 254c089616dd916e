#include <sys/random.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

ssize_t
getrandom(void *to, size_t n, unsigned int flags)
{
    return errno_result(
        riscv_syscall3(SYS_getrandom, (long)to, (long)n, flags));
}
