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
    bad(EINVAL, msync, 1, 4096, 4);
    bad(EINVAL, msync, read_only, 4096, 5); /* MS_ASYNC and MS_SYNC */
    bad(ENOMEM, msync, 0x10000000, 4096, 4);
    bad(EBADF, mmap, NULL, 4096, PROT_READ, MAP_SHARED, FD_NONE, 0);
    bad(EBADF, mmap, NULL, 4096, PROT_READ, MAP_SHARED, FD_PATH, 0);
    bad(EACCES, mmap, NULL, 4096, PROT_READ, MAP_SHARED, FD_WRITE, 0);
    bad(ENODEV, mmap, NULL, 4096, PROT_READ, MAP_SHARED, FD_PIPE_R, 0);
    bad(EINVAL, mmap, NULL, 4096, PROT_READ, MAP_SHARED, FD_FILE, 100);
    bad(EINVAL, mremap, 1, 4096, 4096, 0, 0);
    bad(EINVAL, mremap, read_only, 4096, 0, 0, 0);
    bad(EINVAL, mremap, read_only, 4096, 4096, 2, 0); /* only MREMAP_FIXED */
    bad(EFAULT, mremap, 0x10000000, 4096, 4096, 0, 0);
    bad(EFAULT, mremap, KERNEL_PAGE, 4096, 8192, 1, 0);
    bad(EINVAL, madvise, 1, 4096, 0);
    bad(EINVAL, madvise, read_only, 4096, 5);
    bad(EINVAL, madvise, read_only, 4096, -1);
    bad(ENOMEM, madvise, 0x10000000, 4096, 4);
    bad(ENOMEM, madvise, KERNEL_PAGE, 4096, 4);
    bad(EINVAL, mincore, 1, 4096, buffer);
    bad(ENOMEM, mincore, 0x10000000, 4096, buffer);
    bad(ENOMEM, mincore, KERNEL_PAGE, 4096, buffer);
    bad(EFAULT, mincore, read_only, 4096, NO_PAGE);
    bad(EFAULT, mincore, read_only, 4096, read_only);
    bad(EFAULT, memfd_create, NO_PAGE, 0);
    bad(EFAULT, memfd_create, KERNEL_PAGE, 0);
    bad(EINVAL, memfd_create, "x", 0x100);
    bad(ENOMEM, mlock, 0x10000000, 4096);
    bad(EINVAL, mlock, -4096l, 8192);
    bad(ENOMEM, munlock, 0x10000000, 4096);
    bad(EINVAL, mlock2, read_only, 4096, 2);
    bad(ENOMEM, mlock2, KERNEL_PAGE, 4096, 0);
    bad(EINVAL, mlockall, 0);
    bad(EINVAL, mlockall, 8);
    never_fails(munlockall);
    bad(EFAULT, getrlimit, 7, NO_PAGE);
    bad(EINVAL, getrlimit, 77, buffer);
    bad(EFAULT, setrlimit, 7, KERNEL_PAGE);
    bad(EINVAL, setrlimit, -1, buffer);
    never_fails(brk);
}
