#include <sys/syscall.h>
#include <errno.h>
#include <riscv.h>
#include <stdarg.h>

long
syscall(long number, ...)
{
    long a[6];
    va_list args;

    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    return errno_result(
        riscv_syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
