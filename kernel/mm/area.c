#include "mm/area.h"
#include "abi/mman.h"
#include "arch/pte.h"
#include "mm/slab.h"

/* Room between a stack and what is below: an overflow hits nothing. */
#define STACK_GAP (1ul << 20)

/* Nothing is put below this: a null pointer with an offset finds nothing. */
#define LOWEST 0x10000ul

struct area *
area_next(const struct area *area)
{
    struct list_node *next = area->node.next;
    return next == &area->space->areas ? NULL
                                       : list_entry(next, struct area, node);
}

struct area *
area_previous(const struct area *area)
{
    struct list_node *before = area->node.prev;
    return before == &area->space->areas
               ? NULL
               : list_entry(before, struct area, node);
}

/* The last area that starts at or below va, or NULL. */
static struct area *
last_from(struct space *space, uint64_t va)
{
    struct tree_node *node = tree_floor(space->tree, va);
    return node ? container_of(node, struct area, tree) : NULL;
}

struct area *
area_find(struct space *space, uint64_t va)
{
    struct area *area = last_from(space, va);
    return area && area->end > va ? area : NULL;
}

struct area *
area_first_above(struct space *space, uint64_t va)
{
    struct area *area = last_from(space, va);
    if (area)
        return area->end > va ? area : area_next(area);
    return list_first(struct area, &space->areas, node);
}

bool
area_is_free(struct space *space, uint64_t start, uint64_t end)
{
    const struct area *area = area_first_above(space, start);
    return !area || area->start >= end;
}

bool
area_covers(struct space *space, uint64_t start, uint64_t end)
{
    const struct area *area = area_find(space, start);
    while (area && area->end < end) {
        const struct area *next = area_next(area);
        area = next && next->start == area->end ? next : NULL;
    }
    return area;
}

/* Whether `size` bytes fit above area `before` (NULL: there is none) and below
 * limit. */
static bool
fits(const struct area *before, uint64_t size, uint64_t limit)
{
    uint64_t floor = before ? before->end : LOWEST;
    return limit >= floor && limit - floor >= size;
}

uint64_t
area_find_gap(struct space *space, uint64_t size)
{
    uint64_t room = MAX(space->limit_stack, SPACE_STACK_SIZE);
    uint64_t limit = SPACE_STACK_TOP - MIN(room, USER_END / 8) - STACK_GAP;
    const struct area *area = last_from(space, limit);
    if (size == 0)
        return 0;
    if (area && area->end > limit)
        limit = area->start; /* and it may be that nothing fits above it */
    while (area && (area->end > limit || !fits(area, size, limit))) {
        limit = MIN(limit, area->start);
        area = area_previous(area);
    }
    return fits(area, size, limit) ? ALIGN_DOWN(limit - size, PAGE_SIZE) : 0;
}

/* ---- Coming and going ---- */

static void
link_object(struct area *area)
{
    list_init(&area->object_node);
    area->walk = 0;
    if (!area->object)
        return;
    spin_guard(&area->object->lock);
    list_push_front(&area->object->areas, &area->object_node);
}

static void
unlink_object(struct area *area)
{
    if (!area->object)
        return;
    spin_guard(&area->object->lock);
    list_del(&area->object_node);
}

/* Makes an area like `like`, [start, end) of it. NULL without memory. */
static struct area *
create(struct space *space, const struct area *like, uint64_t start,
       uint64_t end)
{
    struct area *area = kmalloc(sizeof(*area));
    if (!area)
        return NULL;
    *area = *like;
    area->start = area->tree.key = start;
    area->end = end;
    area->offset += start - like->start;
    area->space = space;
    if (area->object)
        area->object->ops->ref(area->handle);
    link_object(area);
    return area;
}

static void
insert(struct space *space, struct area *area) REQUIRES(space->lock)
{
    struct area *above = area_first_above(space, area->start);
    list_add_before(above ? &above->node : &space->areas, &area->node);
    tree_insert(&space->tree, &area->tree);
}

int
area_add(struct space *space, const struct area *wanted)
{
    struct area *area = create(space, wanted, wanted->start, wanted->end);
    if (!area)
        return -EAGAIN;
    insert(space, area);
    space->size += area->end - area->start;
    area_merge(space, area->start, area->end);
    return 0;
}

static int
split_at(struct space *space, uint64_t va) REQUIRES(space->lock)
{
    struct area *area = area_find(space, va);
    if (!area || area->start == va)
        return 0;
    struct area *upper = create(space, area, va, area->end);
    if (!upper)
        return -EAGAIN;
    area->end = va;
    insert(space, upper);
    return 0;
}

int
area_split(struct space *space, uint64_t start, uint64_t end)
{
    return split_at(space, start) ?: split_at(space, end);
}

static void
take_out(struct space *space, struct area *area)
{
    unlink_object(area);
    tree_remove(&space->tree, &area->tree);
    list_del(&area->node);
}

static bool
is_continued_by(const struct area *a, const struct area *b)
{
    return a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
           a->handle == b->handle &&
           (!a->handle || a->offset + (a->end - a->start) == b->offset);
}

/* The reference dropped with one of two areas is not the last one, so that
 * does not block. */
void
area_merge(struct space *space, uint64_t start, uint64_t end)
{
    struct area *area = last_from(space, start > 0 ? start - 1 : 0), *next;
    if (!area)
        area = area_first_above(space, start);
    for (; area && area->start < end; area = next) {
        next = area_next(area);
        if (!next || !is_continued_by(area, next))
            continue;
        area->end = next->end;
        take_out(space, next);
        if (next->object)
            next->object->ops->unref(next->handle);
        kfree(next);
        next = area;
    }
}

void
area_remove(struct space *space, uint64_t start, uint64_t end,
            struct list_node *dead)
{
    struct area *area = area_first_above(space, start), *next;
    for (; area && area->end <= end; area = next) {
        next = area_next(area);
        take_out(space, area);
        space->size -= area->end - area->start;
        list_push_back(dead, &area->node);
    }
}

void
area_put(struct area *area)
{
    if (area->object)
        area->object->ops->unref(area->handle);
}

void
area_free_all(struct list_node *dead)
{
    struct area *area;
    while ((area = list_pop(struct area, dead, node))) {
        area_put(area);
        kfree(area);
    }
}

/* ---- What they amount to ---- */

uint64_t
area_count_data(struct space *space)
{
    uint64_t sum = 0;
    list_for_each (const struct area, area, &space->areas, node)
        if (area->prot & PROT_WRITE &&
            !(area->flags & (AREA_SHARED | AREA_STACK)))
            sum += area->end - area->start;
    return sum;
}

struct area *
area_grow_stack(struct space *space, uint64_t va)
{
    struct area *area = area_first_above(space, va);
    uint64_t start = ALIGN_DOWN(va, PAGE_SIZE);
    if (!area || !(area->flags & AREA_STACK) || va >= area->start ||
        area->end - start > space->limit_stack ||
        area->start - start > space->limit_size ||
        space->size > space->limit_size - (area->start - start))
        return NULL;
    const struct area *below = area_previous(area);
    uint64_t gap = below && below->prot != PROT_NONE ? STACK_GAP : 0;
    if (below && (below->end > start || start - below->end < gap))
        return NULL;
    space->size += area->start - start;
    tree_remove(&space->tree, &area->tree);
    area->start = area->tree.key = start;
    tree_insert(&space->tree, &area->tree);
    return area;
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
