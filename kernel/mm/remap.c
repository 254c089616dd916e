#include "mm/area.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"

/* Moves the entries of pages from one range to another. The tables of both are
 * there and its own. */
static void
move_pages(struct space *space, uint64_t from, uint64_t to, uint64_t size)
    REQUIRES(space->lock)
{
    for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
        uint64_t *entry = pt_walk(space->root, from + at, 0, false);
        if (!entry || !*entry)
            continue;
        *pt_walk(space->root, to + at, 0, false) = *entry;
        *entry = 0;
    }
    space_revoke(space, from, from + size);
}

static int
make_tables(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock)
{
    int error = space_own_tables(space, start, end);
    if (error != 0)
        return error;
    for (uint64_t va = start; va < end; va = space_end_of_table(space, va, end))
        if (!pt_walk(space->root, va, 0, true))
            return -EAGAIN;
    return 0;
}

/* The range as an area of its own, of another size and at another place. */
static struct area
describe(const struct area *area, uint64_t start, uint64_t to, uint64_t size)
{
    struct area copy = *area;
    copy.offset += start - area->start;
    copy.start = to;
    copy.end = to + size;
    return copy;
}

static int
move_locked(struct space *space, const struct area *area, uint64_t start,
            uint64_t size, uint64_t new_size, uint64_t to,
            struct list_node *dead) REQUIRES(space->lock)
{
    struct area wanted = describe(area, start, to, new_size);
    int error = make_tables(space, to, to + MIN(size, new_size));
    error = error ?: space_own_tables(space, start, start + size);
    error = error ?: area_add(space, &wanted);
    if (error != 0)
        return error;
    /* It may have been joined with what the old place is part of. */
    error = area_split(space, start, start + size);
    if (error != 0) {
        int undone = space_clear_range(space, to, to + new_size, dead);
        return undone != 0 ? undone : error;
    }
    move_pages(space, start, to, MIN(size, new_size));
    space_drop_pages(space, start, start + size, false);
    area_remove(space, start, start + size, dead);
    return 0;
}

/* Adds `more` bytes behind the range, where nothing is. */
static int
grow_locked(struct space *space, const struct area *area, uint64_t end,
            uint64_t more) REQUIRES(space->lock)
{
    struct area wanted = describe(area, end, end, more);
    return area_add(space, &wanted);
}

static int
remap_locked(struct space *space, uint64_t start, uint64_t size,
             uint64_t new_size, bool may_move, bool fixed, uint64_t *to,
             struct list_node *dead) REQUIRES(space->lock)
{
    uint64_t end = start + size, more = new_size > size ? new_size - size : 0;
    struct area *area = area_find(space, start);
    if (!area || area->end < end)
        return -EFAULT;
    if (more > space->limit_size || space->size > space->limit_size - more)
        return -ENOMEM;
    if (fixed) {
        int error = space_clear_range(space, *to, *to + new_size, dead);
        if (error != 0)
            return error;
        area = area_find(space, start); /* which may have been split */
        return move_locked(space, area, start, size, new_size, *to, dead);
    }
    *to = start;
    if (new_size < size)
        return space_clear_range(space, start + new_size, end, dead);
    if (more == 0)
        return 0;
    if (area->end == end && more <= USER_END - end &&
        area_is_free(space, end, end + more))
        return grow_locked(space, area, end, more);
    *to = may_move ? area_find_gap(space, new_size) : 0;
    if (*to == 0)
        return -ENOMEM;
    return move_locked(space, area, start, size, new_size, *to, dead);
}

int
space_remap(struct space *space, uint64_t start, uint64_t size,
            uint64_t new_size, bool may_move, bool fixed, uint64_t *to)
{
    DEAD_AREAS(dead);
    unsigned tries = 0;
    int error;
    if (start >= USER_END || size > USER_END - start)
        return -EFAULT;
    if (fixed && (*to >= USER_END || new_size > USER_END - *to))
        return -EINVAL;
    do {
        spin_guard(&space->lock);
        error = remap_locked(space, start, size, new_size, may_move, fixed, to,
                             &dead);
    } while (space_tries_again(&error, &tries));
    return error;
}
