/* System calls about memory that only tune it, or move it. */
#include "abi/mman.h"
#include "mm/object.h"
#include "mm/space.h"
#include "proc/signal.h"
#include "sys/memory.h"
#include "sys/sys.h"

/* ---- Moving ---- */

SYSCALL_DEFINE(mremap)
{
    uint64_t start = arg[0], to = arg[4];
    uint64_t size = ALIGN_UP(arg[1], PAGE_SIZE);
    uint64_t new_size = ALIGN_UP(arg[2], PAGE_SIZE);
    bool may_move = arg[3] & MREMAP_MAYMOVE, fixed = arg[3] & MREMAP_FIXED;
    if (start % PAGE_SIZE != 0 || size == 0 || new_size == 0 ||
        arg[2] > USER_END || arg[3] & ~(uint64_t)3 || (fixed && !may_move))
        return -EINVAL;
    if (fixed && (to % PAGE_SIZE != 0 || to < MEMORY_MIN ||
                  (to < start + size && start < to + new_size)))
        return -EINVAL;
    int error = space_remap(process_current()->space, start, size, new_size,
                            may_move, fixed, &to);
    return error ?: (int64_t)to;
}

/* ---- Bringing pages in ---- */

/* How the pages of an area are touched so that it finds them all later. */
static unsigned
usual_access(const struct area *area)
{
    bool copies = area->prot & PROT_WRITE && !(area->flags & AREA_SHARED);
    return copies ? PROT_WRITE : PROT_READ;
}

static int
populate(const struct area *area, unsigned access)
{
    for (uint64_t va = area->start; va < area->end; va += PAGE_SIZE) {
        int error = space_fault(process_current()->space, va, access);
        if (error != 0)
            return error;
        if (signal_killed_meanwhile())
            return -EINTR;
    }
    return 0;
}

static int
populate_area(struct area *area)
{
    return area->prot == PROT_NONE ? 0 : populate(area, usual_access(area));
}

static int
populate_read(struct area *area)
{
    int error = populate(area, PROT_READ);
    return error == -EACCES ? -EINVAL : error;
}

static int
populate_write(struct area *area)
{
    int error = populate(area, PROT_WRITE);
    return error == -EACCES ? -EINVAL : error;
}

void
memory_populate(uint64_t start, uint64_t size)
{
    if (memory_for_each_area(start, size, populate_area) != 0)
        return; /* it was only to be faster later */
}

/* A page that is there stays: none is ever taken away but by who has it. So
 * all that locking memory takes is to bring it in. */
SYSCALL_DEFINE(mlock)
{
    if (arg[0] + arg[1] < arg[0])
        return -EINVAL;
    int error = memory_for_each_area(arg[0], arg[1], populate_area);
    return error == 0 || error == -EINTR ? error : -ENOMEM;
}

SYSCALL_DEFINE(mlock2)
{
    if (arg[2] & ~(uint64_t)MLOCK_ONFAULT)
        return -EINVAL;
    return arg[2] ? sys_munlock(arg) : sys_mlock(arg);
}

SYSCALL_DEFINE(munlock)
{
    if (arg[0] + arg[1] < arg[0])
        return -EINVAL;
    return memory_for_each_area(arg[0], arg[1], memory_leave_area);
}

SYSCALL_DEFINE(mlockall)
{
    struct space *space = process_current()->space;
    uint64_t flags = arg[0];
    if (flags == 0 || flags & ~(uint64_t)7 || flags == MCL_ONFAULT)
        return -EINVAL;
    WRITE_ONCE(space->populates, flags & MCL_FUTURE && !(flags & MCL_ONFAULT));
    if (!(flags & MCL_CURRENT) || flags & MCL_ONFAULT)
        return 0;
    int error = memory_for_each_area(0, USER_END, populate_area);
    return error == -EINTR ? error : 0; /* gaps, and ends of files */
}

SYSCALL_DEFINE(munlockall)
{
    WRITE_ONCE(process_current()->space->populates, false);
    return 0;
}

/* What is there of a file but not mapped does not count. */
SYSCALL_DEFINE(mincore)
{
    if (arg[0] % PAGE_SIZE != 0)
        return -EINVAL;
    int error = memory_for_each_area(arg[0], arg[1], memory_leave_area);
    for (uint64_t at = 0; error == 0 && at < arg[1]; at += PAGE_SIZE) {
        uint8_t there = space_has_page(process_current()->space, arg[0] + at);
        error = arg_write(arg[2] + at / PAGE_SIZE, &there);
        if (signal_killed_meanwhile())
            error = -EINTR;
    }
    return error;
}

/* ---- Advice ---- */

static int
discard(struct area *area)
{
    return space_discard(process_current()->space, area->start,
                         area->end - area->start);
}

/* What may be dropped at any time may be dropped at once. */
static int
discard_private(struct area *area)
{
    return area->object ? -EINVAL : discard(area);
}

/* What follows advice; NULL: it is none that is known here. */
static int (*const advices[])(struct area *area) = {
    [MADV_NORMAL] = memory_leave_area,
    [MADV_RANDOM] = memory_leave_area,
    [MADV_SEQUENTIAL] = memory_leave_area,
    [MADV_WILLNEED] = memory_leave_area,
    [MADV_DONTNEED] = discard,
    [MADV_FREE] = discard_private,
    [MADV_DONTDUMP] = memory_leave_area, /* nothing is ever dumped */
    [MADV_DODUMP] = memory_leave_area,
    [MADV_COLD] = memory_leave_area,
    [MADV_PAGEOUT] = memory_leave_area,
    [MADV_POPULATE_READ] = populate_read,
    [MADV_POPULATE_WRITE] = populate_write,
};

SYSCALL_DEFINE(madvise)
{
    uint64_t size = ALIGN_UP(arg[1], PAGE_SIZE);
    if (arg[2] >= ARRAY_LEN(advices) || !advices[arg[2]] ||
        arg[0] % PAGE_SIZE != 0 || size < arg[1] || arg[0] + size < arg[0])
        return -EINVAL;
    int error = memory_for_each_area(arg[0], size, advices[arg[2]]);
    return error == -ENXIO ? -EFAULT : error; /* past the end of a file */
}
