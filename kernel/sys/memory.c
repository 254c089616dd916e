/* System calls about memory. */
#include "abi/errno.h"
#include "abi/mman.h"
#include "mm/space.h"
#include "proc/process.h"
#include "sys/sys.h"

/* Below, a null pointer with an offset should find nothing. */
#define MAP_MIN 0x10000u

int64_t
sys_brk(const uint64_t arg[6])
{
    return (int64_t)space_set_brk(process_current()->space, arg[0]);
}

/* Anonymous private memory; there is no mapping of files, and nobody to
 * share with but children, who would need MAP_SHARED. */
int64_t
sys_mmap(const uint64_t arg[6])
{
    struct space *space = process_current()->space;
    uint64_t start = arg[0], size = ALIGN_UP(arg[1], PAGE_SIZE);
    unsigned prot = (unsigned)arg[2], flags = (unsigned)arg[3];
    if (size == 0 || arg[1] > USER_END)
        return arg[1] == 0 ? -EINVAL : -ENOMEM;
    if (prot & ~(unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return -ENODEV;
    if ((flags & MAP_TYPE) != MAP_PRIVATE)
        return (flags & MAP_TYPE) == MAP_SHARED ? -EOPNOTSUPP : -EINVAL;

    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (start % PAGE_SIZE != 0)
            return -EINVAL;
        if (start < MAP_MIN)
            return -EPERM;
        if (flags & MAP_FIXED_NOREPLACE && !space_is_free(space, start, size))
            return -EEXIST;
    } else {
        start = space_find_gap(space, size);
        if (start == 0)
            return -ENOMEM;
    }
    int error = space_map(space, start, size, prot);
    return error != 0 ? error : (int64_t)start;
}

int64_t
sys_munmap(const uint64_t arg[6])
{
    int error = space_unmap(process_current()->space, arg[0],
                            ALIGN_UP(arg[1], PAGE_SIZE));
    return error == -ENOMEM && arg[1] > USER_END ? -EINVAL : error;
}

int64_t
sys_mprotect(const uint64_t arg[6])
{
    unsigned prot = (unsigned)arg[2];
    if (prot & ~(unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC))
        return -EINVAL;
    if (arg[1] == 0)
        return arg[0] % PAGE_SIZE == 0 ? 0 : -EINVAL;
    if (arg[1] > USER_END)
        return -ENOMEM;
    return space_protect(process_current()->space, arg[0],
                         ALIGN_UP(arg[1], PAGE_SIZE), prot);
}
