#include <sys/prctl.h>
#include <errno.h>
#include <riscv.h>
#include <stdarg.h>
#include <sys/syscall.h>

int
prctl(int option, ...)
{
    va_list args;
    long a[4];

    va_start(args, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    return (int)errno_result(
        riscv_syscall6(SYS_prctl, option, a[0], a[1], a[2], a[3], 0));
}
