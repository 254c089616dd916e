#include "mm/space.h"
#include "abi/mman.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/area.h"
#include "mm/asid.h"
#include "mm/frame.h"
#include "mm/kmap.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"
#include "mm/slab.h"
#include "trace/trace.h"

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
    asid_assign(space);
    space->limit_size = space->limit_data = UINT64_MAX;
    space->limit_stack = SPACE_STACK_SIZE;
    space->refs = space->users = 1;
    *out = space;
    return 0;
}

struct space *
space_join(struct space *space)
{
    refcount_add(&space->users);
    return space_ref(space);
}

void
space_unref(struct space *space)
{
    if (!refcount_drop(&space->refs))
        return;
    assert_eq(space->users, 0);
    frame_free(space->root, 0);
    kfree(space);
}

/* No hart runs a thread of it any more, but for the caller's in the kernel. */
void
space_leave(struct space *space)
{
    struct list_node dead = LIST_INIT(dead);
    if (!refcount_drop(&space->users))
        return;
    trace_page_unmap(space_number(space), 0, USER_END / PAGE_SIZE);
    spin_lock(&space->lock);
    list_for_each (struct area, area, &space->areas, node) {
        space_put_tables(space, area->start, area->end);
        space_drop_pages(space, area->start, area->end, true);
    }
    area_remove(space, 0, USER_END, &dead);
    pt_free_user_tables(space->root);
    space_revoke(space, 0, USER_END);
    spin_unlock(&space->lock);
    area_free_all(&dead);
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

/* Whether an area may be added, as far as the limits go. */
static int
check_limits(struct space *space, const struct area *wanted)
    REQUIRES(space->lock)
{
    uint64_t size = wanted->end - wanted->start;
    if (size > space->limit_size || space->size > space->limit_size - size)
        return -ENOMEM;
    if (space->limit_data == UINT64_MAX || !(wanted->prot & PROT_WRITE) ||
        wanted->flags & (AREA_SHARED | AREA_STACK))
        return 0;
    uint64_t data = area_count_data(space) + size;
    return data <= space->limit_data ? 0 : -ENOMEM;
}

int
space_clear_range(struct space *space, uint64_t start, uint64_t end,
                  struct list_node *dead)
{
    int error = area_split(space, start, end);
    if (error != 0 || area_is_free(space, start, end))
        return error;
    error = space_own_tables(space, start, end);
    if (error != 0)
        return error;
    space_drop_pages(space, start, end, false);
    area_remove(space, start, end, dead);
    return 0;
}

static int
map_locked(struct space *space, struct area *wanted, enum space_place place,
           struct list_node *dead) REQUIRES(space->lock)
{
    uint64_t size = wanted->end - wanted->start;
    if (place == SPACE_ANYWHERE) {
        wanted->start = area_find_gap(space, size);
        wanted->end = wanted->start + size;
        if (wanted->start == 0)
            return -ENOMEM;
    } else if (place == SPACE_IF_FREE &&
               !area_is_free(space, wanted->start, wanted->end)) {
        return -EEXIST;
    }
    int error = check_limits(space, wanted);
    if (error == 0 && place == SPACE_REPLACE)
        error = space_clear_range(space, wanted->start, wanted->end, dead);
    return error ?: area_add(space, wanted);
}

int
space_map(struct space *space, struct area *wanted, enum space_place place)
{
    DEAD_AREAS(dead);
    uint64_t size = wanted->end - wanted->start;
    unsigned tries = 0;
    int error = check_range(place == SPACE_ANYWHERE ? 0 : wanted->start, size);
    if (error != 0)
        return error;
    do {
        spin_guard(&space->lock);
        error = map_locked(space, wanted, place, &dead);
    } while (space_tries_again(&error, &tries));
    return error;
}

int
space_unmap(struct space *space, uint64_t start, uint64_t size)
{
    DEAD_AREAS(dead);
    unsigned tries = 0;
    int error = check_range(start, size);
    if (error != 0)
        return error;
    trace_page_unmap(space_number(space), start, size / PAGE_SIZE);
    do {
        spin_guard(&space->lock);
        error = space_clear_range(space, start, start + size, &dead);
    } while (space_tries_again(&error, &tries));
    return error;
}

static int
discard_locked(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock)
{
    if (!area_covers(space, start, end))
        return -ENOMEM;
    int error = space_own_tables(space, start, end);
    if (error == 0)
        space_drop_pages(space, start, end, false);
    return error;
}

int
space_discard(struct space *space, uint64_t start, uint64_t size)
{
    unsigned tries = 0;
    int error = check_range(start, size);
    if (error != 0)
        return error;
    trace_page_unmap(space_number(space), start, size / PAGE_SIZE);
    do {
        spin_guard(&space->lock);
        error = discard_locked(space, start, start + size);
    } while (space_tries_again(&error, &tries));
    return error;
}

void
space_trace_page(struct space *space, uint64_t va)
{
    spin_guard(&space->lock);
    const uint64_t *entry = pt_walk(space->root, va, 0, false);
    if (entry && *entry & PTE_V)
        trace_page_map(space_number(space), ALIGN_DOWN(va, PAGE_SIZE),
                       pte_address(*entry), *entry & 0x3ff);
}

/* ---- Protection ---- */

/* What must not be written to before a fault stays so. */
static void
protect_page(struct space *space UNUSED, uint64_t *entry, uint64_t arg)
{
    uint64_t rights = arg, kept = *entry & (PTE_W | PTE_COW);
    if (kept & PTE_COW || (rights & PTE_G && !(kept & PTE_W)))
        rights &= ~PTE_W;
    rights &= ~PTE_G;
    *entry = pt_leaf(pte_address(*entry), rights | (kept & PTE_COW));
}

static int
protect_area(struct space *space, struct area *area, unsigned prot)
    REQUIRES(space->lock)
{
    uint64_t rights = area_rights(prot);
    if (prot & PROT_WRITE && area->flags & AREA_READ_ONLY)
        return -EACCES;
    /* The mark tells protect_page that writes are an object's business. */
    if (area->object && area->flags & AREA_SHARED)
        rights |= PTE_G;
    area->prot = prot;
    space_for_each_page(space, area->start, area->end, protect_page, rights);
    return 0;
}

static int
protect_locked(struct space *space, uint64_t start, uint64_t end, unsigned prot)
    REQUIRES(space->lock)
{
    if (!area_covers(space, start, end))
        return -ENOMEM;
    int error = space_own_tables(space, start, end);
    error = error ?: area_split(space, start, end);
    struct area *area = area_find(space, start);
    for (; error == 0 && area && area->start < end; area = area_next(area))
        error = protect_area(space, area, prot);
    area_merge(space, start, end);
    space_revoke(space, start, end);
    return error;
}

int
space_protect(struct space *space, uint64_t start, uint64_t size, unsigned prot)
{
    unsigned tries = 0;
    int error = check_range(start, size);
    if (error != 0)
        return error;
    do {
        spin_guard(&space->lock);
        error = protect_locked(space, start, start + size, prot);
    } while (space_tries_again(&error, &tries));
    return error;
}

/* ---- The heap ---- */

static int
set_brk_locked(struct space *space, uint64_t brk, struct list_node *dead)
    REQUIRES(space->lock)
{
    uint64_t old = ALIGN_UP(space->brk, PAGE_SIZE);
    uint64_t new = ALIGN_UP(brk, PAGE_SIZE);
    int error = brk < space->brk_start || brk >= USER_END ? -EINVAL : 0;
    if (error == 0 && new > old) {
        struct area more = {
            .start = old, .end = new, .prot = PROT_READ | PROT_WRITE};
        error = area_is_free(space, old, new + PAGE_SIZE)
                    ? map_locked(space, &more, SPACE_REPLACE, dead)
                    : -ENOMEM;
    } else if (error == 0 && new < old) {
        error = space_clear_range(space, new, old, dead);
    }
    if (error == 0)
        space->brk = brk;
    return error;
}

uint64_t
space_set_brk(struct space *space, uint64_t brk)
{
    DEAD_AREAS(dead);
    unsigned tries = 0;
    int error;
    do {
        spin_guard(&space->lock);
        error = set_brk_locked(space, brk, &dead);
    } while (space_tries_again(&error, &tries));
    return READ_ONCE(space->brk);
}

bool
space_get_area(struct space *space, uint64_t va, struct area *area)
{
    spin_guard(&space->lock);
    const struct area *found = area_first_above(space, va);
    if (!found)
        return false;
    *area = *found;
    if (area->object)
        area->object->ops->ref(area->handle);
    return true;
}

bool
space_has_page(struct space *space, uint64_t va)
{
    spin_guard(&space->lock);
    const uint64_t *entry = pt_walk(space->root, va, 0, false);
    return entry && *entry & PTE_V;
}

int
space_identify(struct space *space, uint64_t va, bool shared,
               struct space_word *word)
{
    *word = (struct space_word){space, va};
    if (!shared)
        return va < USER_END ? 0 : -EFAULT;
    spin_guard(&space->lock);
    const struct area *area = area_find(space, va);
    if (area && area->flags & AREA_SHARED)
        *word =
            (struct space_word){area->object, va - area->start + area->offset};
    return area ? 0 : -EFAULT;
}
