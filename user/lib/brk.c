#include <unistd.h>
#include <errno.h>
#include <riscv.h>
#include <stdint.h>
#include <sys/syscall.h>

/* The kernel returns where the end is now, moved or not. */
static uintptr_t
kernel_brk(uintptr_t end)
{
    return (uintptr_t)riscv_syscall3(SYS_brk, (long)end, 0, 0);
}

int
brk(void *end)
{
    if (kernel_brk((uintptr_t)end) != (uintptr_t)end)
        return errno_fail(ENOMEM);
    return 0;
}

void *
sbrk(intptr_t distance)
{
    uintptr_t end = kernel_brk(0);

    if (distance != 0 && brk((void *)(end + (uintptr_t)distance)) != 0)
        return (void *)-1;
    return (void *)end;
}
