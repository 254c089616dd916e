/* The list of areas of an address space.
 *
 * Part of mm/space.h, whose lock guards it; a list, sorted by address. */
#pragma once

#include "mm/space.h"

/* Returns the area that contains va, or NULL. */
struct area *area_find(struct space *space, uint64_t va) REQUIRES(space->lock);

/* Whether no area touches [start, end). */
bool area_is_free(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Whether areas cover all of [start, end). */
bool area_covers(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Adds an area to a free range; one that touches a neighbour with the same
 * protection extends it. Returns 0 or -ENOMEM. */
MUST_CHECK int area_add(struct space *space, uint64_t start, uint64_t end,
                        unsigned prot) REQUIRES(space->lock);

/* Makes start and end borders: areas across them are split.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int area_split(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Removes, or changes, all areas inside [start, end), whose ends are borders
 * already. */
void area_remove(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);
void area_set_prot(struct space *space, uint64_t start, uint64_t end,
                   unsigned prot) REQUIRES(space->lock);

/* Makes translations of [start, end) that this hart has cached go now, and
 * those of other harts before they next run in the space: after rights were
 * taken away, or a page was moved to another frame. */
void space_revoke(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* The PTE_* rights for a protection of PROT_* bits. */
uint64_t area_rights(unsigned prot);
