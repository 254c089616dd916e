#include "abi/errno.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"

/* Gives the child the pages of [va, end), which one lowest-level table maps,
 * entry being va's; neither side writes to private ones from now on. */
static int
share_table(struct space *child, uint64_t va, uint64_t end, uint64_t *entry,
            bool private)
{
    uint64_t *copy = pt_walk(child->root, va, 0, true);
    if (!copy)
        return -ENOMEM;
    for (; va < end; va += PAGE_SIZE, entry++, copy++) {
        if (!(*entry & PTE_V))
            continue;
        if (private)
            *entry = (*entry & ~PTE_W) | PTE_COW;
        *copy = *entry;
        frame_ref(phys_to_virt(pte_address(*entry)));
        child->resident += PAGE_SIZE;
    }
    return 0;
}

static int
share_area(struct space *from, struct space *child, const struct area *area)
    REQUIRES(child->lock)
REQUIRES(from->lock)
{
    uint64_t va = area->start, table_end;
    int error = area_add(child, area);
    for (; error == 0 && va < area->end; va = table_end) {
        uint64_t *entry = pt_walk(from->root, va, 0, false);
        table_end = space_end_of_table(from, va, area->end);
        if (entry)
            error = share_table(child, va, table_end, entry,
                                !(area->flags & AREA_SHARED));
    }
    return error;
}

/* Nobody knows the child yet, but with its first area of an object it can be
 * found by who takes pages away from all that show it. */
static int
share_all(struct space *from, struct space *child) REQUIRES(from->lock)
{
    struct area *area;
    int error = 0;
    child->lock.rank = RANK_NEW_SPACE;
    spin_lock(&child->lock);
    child->brk_start = from->brk_start;
    child->brk = from->brk;
    child->limit_size = from->limit_size;
    child->limit_data = from->limit_data;
    child->limit_stack = from->limit_stack;
    list_for_each_entry (area, &from->areas, node) {
        error = share_area(from, child, area);
        if (error != 0)
            break;
    }
    child->lock.rank = RANK_PAGETABLE;
    spin_unlock(&child->lock);
    return error;
}

int
space_clone(struct space *from, struct space **out)
{
    struct space *child;
    int error = space_create(&child);
    if (error != 0)
        return error;
    spin_lock(&from->lock);
    error = share_all(from, child);
    space_revoke(from, 0, USER_END);
    spin_unlock(&from->lock);
    if (error == 0) {
        *out = child;
        return 0;
    }
    space_leave(child);
    space_unref(child);
    return error;
}
