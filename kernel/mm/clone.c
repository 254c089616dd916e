#include "arch/barrier.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"
#include "trace/trace.h"

/* Copies of spaces. Neither side writes to what both have: a page is copied by
 * who writes to it (mm/fault.c). Where all areas are private memory without an
 * object, that may be put off for the table itself: both have one lowest-level
 * table, PTE_COW in the entries that lead to it says so, all its pages are
 * marked the same, and nobody changes it. Each user counts as a reference to
 * its frame. Who wants to change it makes a copy first, or finds that nobody
 * else is left. Pages of objects are not in such a table, for they can be
 * taken away when there is no memory for a copy. */

/* ---- Tables of one's own ---- */

/* Lets go of a table that others may have, and with the last of them, of what
 * it maps. No hart uses it for the caller's space any more. */
static void
put_table(uint64_t *table)
{
    if (frame_unref_shared(table))
        return;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (table[i] & PTE_V)
            frame_unref(phys_to_virt(pte_address(table[i])));
    frame_free(table, 0);
}

/* Gives the space a copy of the table for va. Others may change the old one as
 * soon as they alone have it, so no hart of this space may be in there. */
static int
copy_table(struct space *space, uint64_t va, uint64_t *middle)
    REQUIRES(space->lock)
{
    uint64_t *shared = phys_to_virt(pte_address(*middle));
    uint64_t *copy = frame_alloc(0);
    if (!copy)
        return -EAGAIN;
    memcpy(copy, shared, PAGE_SIZE);
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (copy[i] & PTE_V)
            frame_ref(phys_to_virt(pte_address(copy[i])));
    barrier_write();
    *middle = pte_make(virt_to_phys(copy), PTE_V);
    va = ALIGN_DOWN(va, pte_span(1));
    space_revoke(space, va, va + pte_span(1));
    put_table(shared);
    return 0;
}

int
space_own_tables(struct space *space, uint64_t start, uint64_t end)
{
    int error = 0;
    for (uint64_t va = start; space->shares && error == 0 && va < end;
         va = space_end_of_table(space, va, end)) {
        uint64_t *middle = pt_walk(space->root, va, 1, false);
        if (!middle || !(*middle & PTE_COW))
            continue;
        if (frame_refs(phys_to_virt(pte_address(*middle))) == 1)
            *middle &= ~PTE_COW;
        else
            error = copy_table(space, va, middle);
    }
    return error;
}

void
space_put_tables(struct space *space, uint64_t start, uint64_t end)
{
    for (uint64_t va = start; space->shares && va < end;
         va = space_end_of_table(space, va, end)) {
        uint64_t *middle = pt_walk(space->root, va, 1, false), entry;
        if (!middle || !(*middle & PTE_COW))
            continue;
        entry = *middle;
        *middle = 0;
        put_table(phys_to_virt(pte_address(entry)));
    }
}

/* ---- fork ---- */

/* The lowest-level table that was last come to. */
struct last_table {
    uint64_t end; /* of what it maps; 0: there was none yet */
    bool shared;  /* parent and child both have it */
};

/* Makes a page of private memory one that neither side writes to. */
static void
protect(uint64_t *entry)
{
    if (*entry & PTE_V)
        *entry = (*entry & ~PTE_W) | PTE_COW;
}

/* Whether a range, of which area has a part, is memory without objects. */
static bool
has_no_object(const struct area *area, uint64_t start, uint64_t end)
{
    for (const struct area *a = area; a && a->end > start; a = area_previous(a))
        if (a->object)
            return false;
    for (const struct area *a = area; a && a->start < end; a = area_next(a))
        if (a->object)
            return false;
    return true;
}

/* Comes to the table for va, of area: shares it with the child if that may be,
 * unless it is the last one still. Returns 0 or -EAGAIN. */
static int
share_table(struct space *from, struct space *child, struct last_table *last,
            const struct area *area, uint64_t va)
{
    uint64_t *middle = pt_walk(from->root, va, 1, false);
    uint64_t base = ALIGN_DOWN(va, pte_span(1));
    if (va < last->end)
        return 0;
    last->end = base + pte_span(1);
    last->shared =
        middle && *middle & PTE_V && has_no_object(area, base, last->end);
    if (!last->shared)
        return 0;
    uint64_t *theirs = pt_walk(child->root, va, 1, true);
    if (!theirs)
        return -EAGAIN;
    uint64_t *table = phys_to_virt(pte_address(*middle));
    for (unsigned i = 0; i < PT_ENTRIES && !(*middle & PTE_COW); i++)
        protect(&table[i]);
    frame_ref(table);
    from->shares = child->shares = true;
    *middle |= PTE_COW;
    *theirs = *middle;
    return 0;
}

/* Gives the child the pages of [va, end), which one lowest-level table maps,
 * entry being va's. */
static int
share_pages(struct space *child, uint64_t va, uint64_t end, uint64_t *entry,
            bool private)
{
    uint64_t *theirs = pt_walk(child->root, va, 0, true);
    if (!theirs)
        return -EAGAIN;
    for (; va < end; va += PAGE_SIZE, entry++, theirs++) {
        if (!(*entry & PTE_V))
            continue;
        if (private)
            protect(entry);
        *theirs = *entry;
        frame_ref(phys_to_virt(pte_address(*entry)));
    }
    return 0;
}

static int
share_area(struct space *from, struct space *child, struct last_table *last,
           const struct area *area) REQUIRES(child->lock)
REQUIRES(from->lock)
{
    uint64_t va = area->start, table_end;
    int error = area_add(child, area);
    for (; error == 0 && va < area->end; va = table_end) {
        uint64_t *entry = pt_walk(from->root, va, 0, false);
        table_end = space_end_of_table(from, va, area->end);
        if (!entry)
            continue;
        error = share_table(from, child, last, area, va);
        if (error == 0 && !last->shared)
            error = share_pages(child, va, table_end, entry,
                                !(area->flags & AREA_SHARED));
    }
    return error;
}

/* Nobody knows the child yet, but with its first area of an object it can be
 * found by who takes pages away from all that show it. */
static int
share_all(struct space *from, struct space *child) REQUIRES(from->lock)
{
    struct last_table last = {0};
    int error = 0;
    child->lock.rank = RANK_NEW_SPACE;
    spin_guard(&child->lock);
    child->brk_start = from->brk_start;
    child->brk = from->brk;
    child->limit_size = from->limit_size;
    child->limit_data = from->limit_data;
    child->limit_stack = from->limit_stack;
    list_for_each (struct area, area, &from->areas, node) {
        error = share_area(from, child, &last, area);
        if (error != 0)
            break;
    }
    child->resident = from->resident;
    child->lock.rank = RANK_PAGETABLE;
    return error;
}

static int
try_clone(struct space *from, struct space **out)
{
    struct space *child;
    if (space_create(&child) != 0)
        return -EAGAIN;
    spin_lock(&from->lock);
    int error = share_all(from, child);
    space_revoke(from, 0, USER_END);
    spin_unlock(&from->lock);
    if (error == 0) {
        trace_page_share(space_number(child), space_number(from));
        *out = child;
        return 0;
    }
    space_leave(child);
    space_unref(child);
    return error;
}

int
space_clone(struct space *from, struct space **out)
{
    unsigned tries = 0;
    int error;
    do
        error = try_clone(from, out);
    while (space_tries_again(&error, &tries));
    return error;
}
