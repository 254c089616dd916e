#include "mm/object.h"
#include "lib/refcount.h"
#include "arch/pte.h"
#include "mm/area.h"
#include "mm/frame.h"
#include "mm/shootdown.h"
#include "mm/slab.h"

void
object_init(struct object *object, const struct object_ops *ops)
{
    object->ops = ops;
    spin_init(&object->lock, "object", RANK_OBJECT);
    list_init(&object->areas);
    object->walks = 0;
    object->changes = 0;
}

/* ---- Into every space that shows it ---- */

/* The next space with an area that this walk has not come to, with a
 * reference; NULL at the end. Areas come to go behind the others, new ones
 * come before all: a lock is held only from one space to the next. */
static struct space *
next_space(struct object *object, unsigned walk)
{
    struct area *area;
    spin_guard(&object->lock);
    while ((area = list_first(struct area, &object->areas, object_node)) &&
           area->walk != walk) {
        area->walk = walk;
        list_del(&area->object_node);
        list_push_back(&object->areas, &area->object_node);
        if (refcount_try_add(&area->space->refs))
            return area->space;
    }
    return NULL;
}

static void
walk_spaces(struct object *object, uint64_t from,
            void (*visit)(struct space *space, const struct area *area,
                          uint64_t from))
{
    struct space *space;
    struct area *area;
    spin_lock(&object->lock);
    object->changes++;
    unsigned walk = ++object->walks;
    spin_unlock(&object->lock);
    while ((space = next_space(object, walk))) {
        spin_lock(&space->lock);
        list_for_each_entry (area, &space->areas, node)
            if (area->object == object)
                visit(space, area, from);
        spin_unlock(&space->lock);
        space_unref(space);
    }
}

static void
unmap_private(struct space *space, const struct area *area, uint64_t from)
    REQUIRES(space->lock)
{
    uint64_t first = area_page(area, area->start);
    uint64_t keep = from > first ? (from - first) * PAGE_SIZE : 0;
    if (keep < area->end - area->start)
        space_drop_pages(space, area->start + keep, area->end, false);
}

static void
unmap_shared(struct space *space, const struct area *area, uint64_t from)
    REQUIRES(space->lock)
{
    if (area->flags & AREA_SHARED)
        unmap_private(space, area, from);
}

void
object_unmap(struct object *object, uint64_t from, bool private_too)
{
    walk_spaces(object, from, private_too ? unmap_private : unmap_shared);
}

static void
protect_entry(struct space *space UNUSED, uint64_t *entry, uint64_t arg UNUSED)
{
    *entry &= ~PTE_W;
}

static void
protect_shared(struct space *space, const struct area *area,
               uint64_t from UNUSED) REQUIRES(space->lock)
{
    if (!(area->flags & AREA_SHARED) || area->flags & AREA_READ_ONLY)
        return;
    space_for_each_page(space, area->start, area->end, protect_entry, 0);
    space_revoke(space, area->start, area->end);
}

void
object_protect(struct object *object)
{
    walk_spaces(object, 0, protect_shared);
}

/* ---- Memory that processes share ---- */

struct shared {
    struct object object;
    uint64_t count;

    /* atomic */
    unsigned refs;

    /* guarded by object.lock: NULL until they are touched */
    void *frames[];
};

static int
get_shared_page(void *handle, uint64_t index, bool write UNUSED, void **frame)
{
    struct shared *shared = handle;
    if (index >= shared->count)
        return -ENXIO;
    spin_guard(&shared->object.lock);
    if (!shared->frames[index])
        shared->frames[index] = frame_alloc_zeroed(0);
    *frame = shared->frames[index];
    if (!*frame)
        return -ENOMEM;
    frame_ref(*frame);
    return 0;
}

static void
ref_shared(void *handle)
{
    refcount_add(&((struct shared *)handle)->refs);
}

static void
unref_shared(void *handle)
{
    struct shared *shared = handle;
    if (!refcount_drop(&shared->refs))
        return;
    for (uint64_t i = 0; i < shared->count; i++)
        if (shared->frames[i])
            frame_unref(shared->frames[i]);
    kfree(shared);
}

struct object *
object_create_shared(uint64_t size)
{
    static const struct object_ops ops = {
        .get_page = get_shared_page, .ref = ref_shared, .unref = unref_shared};
    uint64_t count = size / PAGE_SIZE;
    struct shared *shared =
        kzalloc(sizeof(*shared) + count * sizeof(shared->frames[0]));
    if (!shared)
        return NULL;
    object_init(&shared->object, &ops);
    shared->count = count;
    shared->refs = 1;
    return &shared->object;
}
