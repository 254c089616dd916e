/* The areas of an address space, and what mm's files do with them together.
 *
 * Part of mm/space.h, whose lock guards it. Any context. */
#pragma once

#include "mm/object.h"
#include "mm/space.h"

/* Returns the area that contains va, or NULL; or the first that ends above
 * it. */
struct area *area_find(struct space *space, uint64_t va) REQUIRES(space->lock);
struct area *area_first_above(struct space *space, uint64_t va)
    REQUIRES(space->lock);

/* The areas after and before one, or NULL. */
struct area *area_next(const struct area *area);
struct area *area_previous(const struct area *area);

/* Whether no area touches [start, end). */
bool area_is_free(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Whether areas cover all of [start, end). */
bool area_covers(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Returns the start of the highest free range of `size` bytes below the stack,
 * or 0. */
uint64_t area_find_gap(struct space *space, uint64_t size)
    REQUIRES(space->lock);

/* Adds an area like `wanted` to a free range, with a reference of its own, and
 * joins it with its neighbours (area_merge). Returns 0 or, as all here for want
 * of memory, -EAGAIN: some may be found without the lock, as space_tries_again
 * does. */
MUST_CHECK int area_add(struct space *space, const struct area *wanted)
    REQUIRES(space->lock);

/* Makes start and end borders: areas across them are split.
 * Returns 0 or -EAGAIN. */
MUST_CHECK int area_split(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Joins areas in or beside [start, end) that only differ in where they are. */
void area_merge(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Moves all areas inside [start, end), whose ends are borders already, to the
 * list dead, for area_free_all without the lock: it may block. */
void area_remove(struct space *space, uint64_t start, uint64_t end,
                 struct list_node *dead) REQUIRES(space->lock);
void area_free_all(struct list_node *dead);

/* Such a list, freed as it goes: after a guard that is declared later. */
#define DEAD_AREAS(name) \
    struct list_node AT_END(area_free_all) name = LIST_INIT(name)

/* Bytes that RLIMIT_DATA counts: private, writable, and not the stack. */
uint64_t area_count_data(struct space *space) REQUIRES(space->lock);

/* The stack's area, the first above va, grows down to the page of va, if that
 * keeps within the limits of stack and space, and leaves 1 MiB free above what
 * is below, or, if that has no rights, just does not touch it. Returns the
 * area, or NULL. */
struct area *area_grow_stack(struct space *space, uint64_t va)
    REQUIRES(space->lock);

/* The PTE_* rights for a protection of PROT_* bits. */
uint64_t area_rights(unsigned prot);

/* The number, in its object, of the page at va. */
static inline uint64_t
area_page(const struct area *area, uint64_t va)
{
    return (va - area->start + area->offset) / PAGE_SIZE;
}

/* Makes tables that map part of [start, end) the space's own, which fork let it
 * share: before entries in it change. Returns 0 or -EAGAIN. */
MUST_CHECK int space_own_tables(struct space *space, uint64_t start,
                                uint64_t end) REQUIRES(space->lock);

/* After a change that ended with *error: whether it was for want of memory, and
 * some was found to try it anew. If none was, *error becomes -ENOMEM. */
bool space_tries_again(int *error, unsigned *tries);

/* Lets go of the tables of a range that the space shares. It has no users. */
void space_put_tables(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Removes what is in a range: its pages, and its areas to the list dead.
 * Returns 0 or -EAGAIN. */
MUST_CHECK int space_clear_range(struct space *space, uint64_t start,
                                 uint64_t end, struct list_node *dead)
    REQUIRES(space->lock);
