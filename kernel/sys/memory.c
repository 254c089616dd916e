/* System calls about memory. */
#include "abi/mman.h"
#include "fs/mapping.h"
#include "mm/space.h"
#include "sys/fileargs.h"
#include "sys/memory.h"
#include "sys/sys.h"

/* Flags that MAP_SHARED_VALIDATE stands for. */
#define MAP_KNOWN                                                      \
    ((unsigned)(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | \
                MAP_NORESERVE | MAP_POPULATE | MAP_STACK |             \
                MAP_FIXED_NOREPLACE))

SYSCALL_IS(brk, (int64_t)space_set_brk(process_current()->space, arg[0]))

static bool
is_prot(uint64_t prot)
{
    return (prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC)) == 0;
}

static int
choose_file(const uint64_t arg[6], struct area *area)
{
    struct file *file = file_arg(arg[4]);
    if (arg[5] % PAGE_SIZE != 0)
        return -EINVAL;
    if (arg[5] > INT64_MAX - (area->end - area->start))
        return -EOVERFLOW;
    int error = file ? mapping_describe(file, arg[5], area) : -EBADF;
    if (error == 0)
        area->object->ops->ref(area->handle);
    return error;
}

/* Makes *area show what the flags and the descriptor say; with a reference to
 * it that is the caller's. */
static int
choose_content(const uint64_t arg[6], struct area *area)
{
    unsigned flags = (unsigned)arg[3], type = flags & MAP_TYPE;
    uint64_t size = area->end - area->start;
    if (type == MAP_SHARED_VALIDATE && flags & ~MAP_KNOWN)
        return -EOPNOTSUPP;
    if (type != MAP_PRIVATE)
        area->flags = AREA_SHARED;
    if (type == 0 || type > MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS))
        return choose_file(arg, area);
    if (type == MAP_PRIVATE)
        return 0;
    area->object = area->handle = object_create_shared(size);
    return area->object ? 0 : -ENOMEM;
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
        if (arg[0] < MEMORY_MIN)
            return -EPERM;
        area->start = arg[0];
    }
    area->end = area->start + ALIGN_UP(arg[1], PAGE_SIZE);
    return 0;
}

SYSCALL_DEFINE(mmap)
{
    struct area area = {.prot = (unsigned)arg[2]};
    enum space_place place;
    if (arg[1] == 0 || arg[1] > USER_END)
        return arg[1] == 0 ? -EINVAL : -ENOMEM;
    if (!is_prot(arg[2]))
        return -EINVAL;
    int error = choose_place(arg, &area, &place) ?: choose_content(arg, &area);
    if (error != 0)
        return error;
    error = space_map(process_current()->space, &area, place);
    area_put(&area);
    if (error == 0 &&
        (arg[3] & MAP_POPULATE || process_current()->space->populates))
        memory_populate(area.start, area.end - area.start);
    return error ?: (int64_t)area.start;
}

SYSCALL_DEFINE(munmap)
{
    int error = space_unmap(process_current()->space, arg[0],
                            ALIGN_UP(arg[1], PAGE_SIZE));
    bool inside = arg[0] < USER_END && arg[1] <= USER_END - arg[0];
    return error == -ENOMEM && !inside ? -EINVAL : error;
}

SYSCALL_DEFINE(mprotect)
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

int
memory_for_each_area(uint64_t start, uint64_t size,
                     int (*each)(struct area *area))
{
    struct space *space = process_current()->space;
    struct area area;
    int error = 0, gap = 0;
    if (size > USER_END || start > USER_END - size)
        return -ENOMEM;
    uint64_t end = ALIGN_UP(start + size, PAGE_SIZE);
    start = ALIGN_DOWN(start, PAGE_SIZE);
    while (error == 0 && start < end) {
        if (!space_get_area(space, start, &area))
            return -ENOMEM;
        if (area.start > start)
            gap = -ENOMEM;
        area.offset += MAX(area.start, start) - area.start;
        area.start = MAX(area.start, start);
        area.end = MIN(area.end, end);
        if (area.start < end)
            error = each(&area);
        start = area.end;
        area_put(&area);
    }
    return error ?: gap;
}

static int
sync_area(struct area *area)
{
    bool has_file = area->flags & AREA_SHARED && area->object->ops->sync;
    return has_file ? area->object->ops->sync(area->handle) : 0;
}

int
memory_leave_area(struct area *area UNUSED)
{
    return 0;
}

/* Changes are known as such when they are made, and are on the way to the disk
 * as any others: MS_ASYNC has nothing to do. */
SYSCALL_DEFINE(msync)
{
    unsigned flags = (unsigned)arg[2];
    if (arg[0] % PAGE_SIZE != 0 || flags & ~7u ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    return memory_for_each_area(
        arg[0], arg[1], flags & MS_SYNC ? sync_area : memory_leave_area);
}
