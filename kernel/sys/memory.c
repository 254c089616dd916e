/* System calls about memory. */
#include "abi/errno.h"
#include "abi/mman.h"
#include "mm/object.h"
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

static bool
is_prot(uint64_t prot)
{
    return (prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC)) == 0;
}

/* Makes *area show what the flags and the descriptor say; with a reference to
 * it that is the caller's. */
static int
choose_content(const uint64_t arg[6], struct area *area)
{
    unsigned flags = (unsigned)arg[3], type = flags & MAP_TYPE;
    uint64_t size = area->end - area->start;
    if (type != MAP_PRIVATE && type != MAP_SHARED)
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return -ENODEV;
    if (type == MAP_SHARED) {
        area->object = area->handle = object_create_shared(size);
        area->flags = AREA_SHARED;
        return area->object ? 0 : -ENOMEM;
    }
    return 0;
}

static int
choose_place(const uint64_t arg[6], struct area *area, enum space_place *place)
{
    unsigned flags = (unsigned)arg[3];
    *place = SPACE_ANYWHERE;
    area->start = 0;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        *place = flags & MAP_FIXED_NOREPLACE ? SPACE_IF_FREE : SPACE_REPLACE;
        if (arg[0] % PAGE_SIZE != 0)
            return -EINVAL;
        if (arg[0] < MAP_MIN)
            return -EPERM;
        area->start = arg[0];
    }
    area->end = area->start + ALIGN_UP(arg[1], PAGE_SIZE);
    return 0;
}

int64_t
sys_mmap(const uint64_t arg[6])
{
    struct area area = {.prot = (unsigned)arg[2]};
    enum space_place place;
    if (arg[1] == 0 || arg[1] > USER_END)
        return arg[1] == 0 ? -EINVAL : -ENOMEM;
    if (!is_prot(arg[2]))
        return -EINVAL;
    int error = choose_place(arg, &area, &place);
    if (error == 0)
        error = choose_content(arg, &area);
    if (error != 0)
        return error;
    error = space_map(process_current()->space, &area, place);
    area_put(&area);
    return error != 0 ? error : (int64_t)area.start;
}

int64_t
sys_munmap(const uint64_t arg[6])
{
    int error = space_unmap(process_current()->space, arg[0],
                            ALIGN_UP(arg[1], PAGE_SIZE));
    bool inside = arg[0] < USER_END && arg[1] <= USER_END - arg[0];
    return error == -ENOMEM && !inside ? -EINVAL : error;
}

int64_t
sys_mprotect(const uint64_t arg[6])
{
    if (!is_prot(arg[2]))
        return -EINVAL;
    if (arg[1] == 0)
        return arg[0] % PAGE_SIZE == 0 ? 0 : -EINVAL;
    if (arg[1] > USER_END)
        return -ENOMEM;
    return space_protect(process_current()->space, arg[0],
                         ALIGN_UP(arg[1], PAGE_SIZE), (unsigned)arg[2]);
}
