#include "mm/area.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "arch/pte.h"
#include "mm/slab.h"

/* The first area that ends above va, or NULL. */
static struct area *
first_above(struct space *space, uint64_t va)
{
    struct area *area;
    list_for_each_entry (area, &space->areas, node)
        if (area->end > va)
            return area;
    return NULL;
}

struct area *
area_find(struct space *space, uint64_t va)
{
    struct area *area = first_above(space, va);
    return area && area->start <= va ? area : NULL;
}

bool
area_is_free(struct space *space, uint64_t start, uint64_t end)
{
    const struct area *area = first_above(space, start);
    return !area || area->start >= end;
}

bool
area_covers(struct space *space, uint64_t start, uint64_t end)
{
    while (start < end) {
        struct area *area = area_find(space, start);
        if (!area)
            return false;
        start = area->end;
    }
    return true;
}

int
area_add(struct space *space, uint64_t start, uint64_t end, unsigned prot)
{
    struct list_node *pos = space->areas.next;
    while (pos != &space->areas &&
           list_entry(pos, struct area, node)->start < start)
        pos = pos->next;
    if (pos->prev != &space->areas) {
        struct area *before = list_entry(pos->prev, struct area, node);
        if (before->end == start && before->prot == prot) {
            before->end = end;
            space->size += end - start;
            return 0;
        }
    }
    struct area *area = kmalloc(sizeof(*area));
    if (!area)
        return -ENOMEM;
    *area = (struct area){.start = start, .end = end, .prot = prot};
    list_add_before(pos, &area->node);
    space->size += end - start;
    return 0;
}

static int
split_at(struct space *space, uint64_t va) REQUIRES(space->lock)
{
    struct area *area = area_find(space, va);
    if (!area || area->start == va)
        return 0;
    struct area *upper = kmalloc(sizeof(*upper));
    if (!upper)
        return -ENOMEM;
    *upper = (struct area){.start = va, .end = area->end, .prot = area->prot};
    area->end = va;
    list_add_before(area->node.next, &upper->node);
    return 0;
}

int
area_split(struct space *space, uint64_t start, uint64_t end)
{
    int error = split_at(space, start);
    return error != 0 ? error : split_at(space, end);
}

void
area_remove(struct space *space, uint64_t start, uint64_t end)
{
    list_for_each_safe (node, &space->areas) {
        struct area *area = list_entry(node, struct area, node);
        if (area->start >= start && area->end <= end) {
            space->size -= area->end - area->start;
            list_del(&area->node);
            kfree(area);
        }
    }
}

void
area_set_prot(struct space *space, uint64_t start, uint64_t end, unsigned prot)
{
    struct area *area;
    list_for_each_entry (area, &space->areas, node)
        if (area->start >= start && area->end <= end)
            area->prot = prot;
}

/* W without R is reserved, and without any of the three an entry would point
 * to a table [riscv-priv §4.3.1]; a page without rights is not the user's. */
uint64_t
area_rights(unsigned prot)
{
    uint64_t rights = PTE_R;
    if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC))
        rights |= PTE_U;
    if (prot & PROT_WRITE)
        rights |= PTE_W;
    if (prot & PROT_EXEC)
        rights |= PTE_X;
    return rights;
}
