#include "mm/area.h"
#include "abi/mman.h"
#include "arch/pte.h"
#include "lib/todo.h"
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

/* The tree is ordered by start: last_from is the only candidate. Does it reach
 * as far as va? */
struct area *
area_find(struct space *space, uint64_t va)
{
    LAB_TODO(11);
}

/* The area that contains va, or else the next one. There may be none at or
 * below va, and there may be none at all. */
struct area *
area_first_above(struct space *space, uint64_t va)
{
    LAB_TODO(11);
}

/* Ranges touch if each begins before the other ends. */
bool
area_is_free(struct space *space, uint64_t start, uint64_t end)
{
    LAB_TODO(11);
}

/* From area to area, without a gap between one's end and the next one's start.
 */
bool
area_covers(struct space *space, uint64_t start, uint64_t end)
{
    LAB_TODO(11);
}

/* Whether `size` bytes fit above area `before` (NULL: there is none) and below
 * limit. */
static bool
fits(const struct area *before, uint64_t size, uint64_t limit)
{
    uint64_t floor = before ? before->end : LOWEST;
    return limit >= floor && limit - floor >= size;
}

/* From the top down: the highest place below `limit` where size bytes fit above
 * the area below it (`fits` says whether). An area may lie across the limit.
 * The result is the start of whole pages. */
uint64_t
area_find_gap(struct space *space, uint64_t size)
{
    uint64_t room = MAX(space->limit_stack, SPACE_STACK_SIZE);
    uint64_t limit = SPACE_STACK_TOP - MIN(room, USER_END / 8) - STACK_GAP;
    LAB_TODO(11);
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

/* Links an area into the list, before the first one above it, and into the
 * tree; its key is set. */
static void
insert(struct space *space, struct area *area) REQUIRES(space->lock)
{
    LAB_TODO(11);
}

/* A new area (create), where it belongs; the space is larger by its size; and
 * with neighbours that it continues it is one. -EAGAIN without memory. */
int
area_add(struct space *space, const struct area *wanted)
{
    LAB_TODO(11);
}

/* If an area lies across va, it ends there, and a new one has the rest
 * (create), with the right part of what it shows. The space's size stays the
 * same. */
static int
split_at(struct space *space, uint64_t va) REQUIRES(space->lock)
{
    LAB_TODO(11);
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

/* Whether b is what a would be if it were longer: adjacent, with the same
 * rights and flags, and showing what comes next in the same thing, if anything.
 */
static bool
is_continued_by(const struct area *a, const struct area *b)
{
    LAB_TODO(11);
}

/* Joins neighbours, beginning with the one that ends where the range starts, up
 * to the one that begins where it ends. The upper of two goes: out of tree,
 * list and object (take_out), with its reference to what it shows. A third may
 * follow. */
void
area_merge(struct space *space, uint64_t start, uint64_t end)
{
    LAB_TODO(11);
}

/* Moves what lies inside to the list dead; the space is smaller by it.
 * References are dropped later, without the lock. */
void
area_remove(struct space *space, uint64_t start, uint64_t end,
            struct list_node *dead)
{
    LAB_TODO(11);
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

/* va has no area. The first one above it grows down to va's page if it is a
 * stack (AREA_STACK), if it is then no larger than limit_stack and the space no
 * larger than limit_size, and if STACK_GAP bytes stay free above what is below:
 * none need be if that has no rights (PROT_NONE), but it may not be overlapped.
 * The start is the key of the tree: how does one change a key? */
struct area *
area_grow_stack(struct space *space, uint64_t va)
{
    LAB_TODO(11);
}

/* W without R is reserved, and an entry with none of R, W and X would point to
 * a table [riscv-priv §4.3.1]. So what has no rights at all is the kernel's: it
 * is not U. */
uint64_t
area_rights(unsigned prot)
{
    LAB_TODO(11);
}
