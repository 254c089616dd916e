#include "arch/barrier.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"

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

/* A copy of the table takes the shared one's place, with a reference to each
 * frame that it maps. All harts forget what they know of the 2 MiB before the
 * shared one is put (put_table). -EAGAIN without memory. */
static int
copy_table(struct space *space, uint64_t va, uint64_t *middle)
    REQUIRES(space->lock)
{
    LAB_TODO(11);
}

/* Each table of the range to which an entry with PTE_COW leads: who is the last
 * to have it keeps it, and takes the mark off; else it is copied. Entries of
 * level 1 are found by pt_walk; space_end_of_table says where the next one
 * begins. Nothing need be looked at if the space shares no tables. */
int
space_own_tables(struct space *space, uint64_t start, uint64_t end)
{
    LAB_TODO(11);
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

/* Takes the right to write out of an entry that is valid, and marks it. */
static void
protect(uint64_t *entry)
{
    LAB_TODO(11);
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

/* The table for va may be the child's, too, if it is there and has_no_object
 * says so of all that it can map. Then its pages are protected (once: not if it
 * is shared already), it has a reference more, both entries of level 1 are the
 * same, with PTE_COW, and both spaces say that they share tables. *last says
 * how far the table goes and what came of it: nothing is to be done twice.
 * Returns 0 or -EAGAIN. */
static int
share_table(struct space *from, struct space *child, struct last_table *last,
            const struct area *area, uint64_t va)
{
    LAB_TODO(11);
}

/* Page by page: the child's entry is the parent's, protected in both if the
 * area is private; the frame has a reference more. */
static int
share_pages(struct space *child, uint64_t va, uint64_t end, uint64_t *entry,
            bool private)
{
    LAB_TODO(11);
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
