/* Calls on memory. */
#include "usertests.h"
#include <sys/mman.h>

void
bad_memory(void)
{
    int private = MAP_PRIVATE | MAP_ANONYMOUS;

    bad(EINVAL, mmap, NULL, 0, PROT_READ, private, -1, 0);
    bad(ENOMEM, mmap, NULL, 1l << 46, PROT_READ, private, -1, 0);
    bad(EINVAL, mmap, 1, 4096, PROT_READ, private | MAP_FIXED, -1, 0);
    bad(ENOMEM, mmap, KERNEL_PAGE, 4096, PROT_READ, private | MAP_FIXED, -1, 0);
    bad(EINVAL, mmap, NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0);
    bad(EINVAL, munmap, 1, 4096);
    bad(EINVAL, munmap, 0x10000000, 0);
    bad(EINVAL, munmap, KERNEL_PAGE, 4096);
    bad(EINVAL, mprotect, 1, 4096, PROT_READ);
    bad(ENOMEM, mprotect, 0x10000000, 4096, PROT_READ);
    bad(EINVAL, mprotect, read_only, 4096, 0x100);
    never_fails(brk);
}
