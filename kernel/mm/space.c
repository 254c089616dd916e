#include "mm/space.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "arch/tlb.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/kmap.h"
#include "mm/pagetable.h"
#include "mm/slab.h"

/* Room between the stack and mappings: an overflow hits nothing. */
#define STACK_GAP (1ul << 20)

int
space_create(struct space **out)
{
    struct space *space = kzalloc(sizeof(*space));
    uint64_t *root = frame_alloc(0);
    if (!space || !root) {
        kfree(space);
        if (root)
            frame_free(root, 0);
        return -ENOMEM;
    }
    memset(root, 0, PAGE_SIZE / 2);
    memcpy(root + PT_ENTRIES / 2, kmap_root() + PT_ENTRIES / 2, PAGE_SIZE / 2);
    spin_init(&space->lock, "space", RANK_PAGETABLE);
    list_init(&space->areas);
    space->root = root;
    space->refs = 1;
    *out = space;
    return 0;
}

void
space_unref(struct space *space)
{
    if (__atomic_fetch_sub(&space->refs, 1, __ATOMIC_ACQ_REL) > 1)
        return;
    space_clear(space);
    frame_free(space->root, 0);
    kfree(space);
}

void
space_revoke(struct space *space, uint64_t start, uint64_t end)
{
    space->generation++;
    if (this_cpu()->space != space)
        return;
    this_cpu()->space_generation = space->generation;
    if (end - start > 16 * PAGE_SIZE) {
        tlb_flush_all();
        return;
    }
    for (uint64_t va = start; va < end; va += PAGE_SIZE)
        tlb_flush_page(va);
}

void
space_switch(struct space *space)
{
    struct cpu *cpu = this_cpu();
    struct space *old = cpu->space;
    if (!space)
        return;
    uint64_t generation = READ_ONCE(space->generation);
    if (old == space) {
        if (cpu->space_generation != generation) {
            tlb_flush_all();
            tlb_sync_instructions();
        }
        cpu->space_generation = generation;
        return;
    }
    __atomic_fetch_add(&space->refs, 1, __ATOMIC_RELAXED);
    cpu->space = space;
    cpu->space_generation = generation;
    tlb_set_root(virt_to_phys(space->root));
    tlb_sync_instructions(); /* exec may have written its program elsewhere */
    if (old)
        space_unref(old);
}

/* Where the lowest-level table that maps va ends, at most `end`. */
static uint64_t
end_of_table(uint64_t va, uint64_t end)
{
    return MIN(end, ALIGN_DOWN(va, pte_span(1)) + pte_span(1));
}

/* Calls visit with each valid leaf entry of [start, end). */
static void
for_each_page(struct space *space, uint64_t start, uint64_t end,
              void (*visit)(struct space *space, uint64_t *entry,
                            unsigned prot),
              unsigned prot)
{
    for (uint64_t va = start, table_end; va < end; va = table_end) {
        uint64_t *entry = pt_walk(space->root, va, 0, false);
        table_end = end_of_table(va, end);
        for (; entry && va < table_end; va += PAGE_SIZE, entry++)
            if (*entry & PTE_V)
                visit(space, entry, prot);
    }
}

static void
drop_page(struct space *space, uint64_t *entry, unsigned prot UNUSED)
{
    frame_unref(phys_to_virt(pte_address(*entry)));
    *entry = 0;
    space->resident -= PAGE_SIZE;
}

static void
unmap_locked(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock)
{
    struct area *area;
    list_for_each_entry (area, &space->areas, node) {
        uint64_t from = MAX(area->start, start), to = MIN(area->end, end);
        if (from < to)
            for_each_page(space, from, to, drop_page, 0);
    }
    area_remove(space, start, end);
    space_revoke(space, start, end);
}

void
space_clear(struct space *space)
{
    spin_lock(&space->lock);
    unmap_locked(space, 0, USER_END);
    pt_free_user_tables(space->root);
    if (this_cpu()->space == space)
        tlb_flush_all();
    space->brk_start = space->brk = 0;
    spin_unlock(&space->lock);
}

/* Whether a range is one of whole pages of user space: 0, -EINVAL, or -ENOMEM
 * beyond its end. */
static int
check_range(uint64_t start, uint64_t size)
{
    if (start % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 || size == 0)
        return -EINVAL;
    return start < USER_END && size <= USER_END - start ? 0 : -ENOMEM;
}

/* Unmaps a range and, unless prot is NULL, maps it anew. */
static int
replace(struct space *space, uint64_t start, uint64_t size,
        const unsigned *prot)
{
    int error = check_range(start, size);
    if (error != 0)
        return error;
    spin_lock(&space->lock);
    error = area_split(space, start, start + size);
    if (error == 0)
        unmap_locked(space, start, start + size);
    if (error == 0 && prot)
        error = area_add(space, start, start + size, *prot);
    spin_unlock(&space->lock);
    return error;
}

int
space_map(struct space *space, uint64_t start, uint64_t size, unsigned prot)
{
    return replace(space, start, size, &prot);
}

int
space_unmap(struct space *space, uint64_t start, uint64_t size)
{
    return replace(space, start, size, NULL);
}

static void
protect_page(struct space *space UNUSED, uint64_t *entry, unsigned prot)
{
    uint64_t rights = area_rights(prot);
    if (*entry & PTE_COW)
        rights = (rights & ~PTE_W) | PTE_COW;
    *entry = pt_leaf(pte_address(*entry), rights);
}

int
space_protect(struct space *space, uint64_t start, uint64_t size, unsigned prot)
{
    int error = check_range(start, size);
    if (error != 0)
        return error;
    spin_lock(&space->lock);
    error = area_covers(space, start, start + size) ? 0 : -ENOMEM;
    if (error == 0)
        error = area_split(space, start, start + size);
    if (error == 0) {
        area_set_prot(space, start, start + size, prot);
        for_each_page(space, start, start + size, protect_page, prot);
        space_revoke(space, start, start + size);
    }
    spin_unlock(&space->lock);
    return error;
}

uint64_t
space_find_gap(struct space *space, uint64_t size)
{
    uint64_t limit = SPACE_STACK_TOP - SPACE_STACK_SIZE - STACK_GAP;
    if (size == 0 || size > limit)
        return 0;
    spin_lock(&space->lock);
    for (struct list_node *n = space->areas.prev; n != &space->areas;
         n = n->prev) {
        const struct area *area = list_entry(n, struct area, node);
        if (area->end <= limit && limit - area->end >= size)
            break;
        limit = MIN(limit, area->start);
    }
    spin_unlock(&space->lock);
    return limit >= size + PAGE_SIZE ? ALIGN_DOWN(limit - size, PAGE_SIZE) : 0;
}

bool
space_is_free(struct space *space, uint64_t start, uint64_t size)
{
    if (check_range(start, size) != 0)
        return false;
    spin_lock(&space->lock);
    bool is_free = area_is_free(space, start, start + size);
    spin_unlock(&space->lock);
    return is_free;
}

uint64_t
space_set_brk(struct space *space, uint64_t brk)
{
    uint64_t old = ALIGN_UP(space->brk, PAGE_SIZE);
    uint64_t new = ALIGN_UP(brk, PAGE_SIZE);
    if (brk < space->brk_start || brk >= USER_END)
        return space->brk;
    spin_lock(&space->lock);
    int error = 0;
    if (new > old)
        error = area_is_free(space, old, new + PAGE_SIZE)
                    ? area_add(space, old, new, PROT_READ | PROT_WRITE)
                    : -ENOMEM;
    else if (new < old)
        error = area_split(space, new, old);
    if (error == 0) {
        if (new < old)
            unmap_locked(space, new, old);
        space->brk = brk;
    }
    spin_unlock(&space->lock);
    return space->brk;
}

/* Gives the child the pages of [va, end), which one lowest-level table maps,
 * entry being va's: neither side writes to them from now on. */
static int
share_table(struct space *child, uint64_t va, uint64_t end, uint64_t *entry)
{
    uint64_t *copy = pt_walk(child->root, va, 0, true);
    if (!copy)
        return -ENOMEM;
    for (; va < end; va += PAGE_SIZE, entry++, copy++) {
        if (!(*entry & PTE_V))
            continue;
        *entry = (*entry & ~PTE_W) | PTE_COW;
        *copy = *entry;
        frame_ref(phys_to_virt(pte_address(*entry)));
        child->resident += PAGE_SIZE;
    }
    return 0;
}

/* The child is nobody else's yet: its lock is not needed. */
static NO_LOCK_CHECK int
share_area(struct space *from, struct space *child, const struct area *area)
{
    uint64_t va = area->start, table_end;
    int error = area_add(child, va, area->end, area->prot);
    for (; error == 0 && va < area->end; va = table_end) {
        uint64_t *entry = pt_walk(from->root, va, 0, false);
        table_end = end_of_table(va, area->end);
        if (entry)
            error = share_table(child, va, table_end, entry);
    }
    return error;
}

int
space_clone(struct space *from, struct space **out)
{
    struct space *child;
    struct area *area;
    int error = space_create(&child);
    if (error != 0)
        return error;
    spin_lock(&from->lock);
    child->brk_start = from->brk_start;
    child->brk = from->brk;
    list_for_each_entry (area, &from->areas, node) {
        error = share_area(from, child, area);
        if (error != 0)
            break;
    }
    space_revoke(from, 0, USER_END);
    spin_unlock(&from->lock);
    if (error != 0)
        space_unref(child);
    else
        *out = child;
    return error;
}
