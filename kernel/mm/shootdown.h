/* Which hart uses which page table, and how all forget what was taken out of
 * one.
 *
 * Owns `active`, `space` and `known` of each hart, and the generations of
 * spaces. Under the space's lock, unless said otherwise. */
#pragma once

#include "mm/space.h"

/* Makes this hart use the space's page table, of which it has a reference from
 * then on, and flush the space's number if it has missed something, or has
 * another space's translations under it. NULL keeps what it has, since the
 * kernel half is the same everywhere. Interrupts off; no lock. */
void space_switch(struct space *space);

/* Makes translations of [start, end), whole pages, that any hart has cached go,
 * and returns once no copy to or from the space uses the page table as it was
 * before: after rights were taken away, or a page was moved to another frame.
 * Gives the space a new generation; harts with a thread of it are told, others
 * find out when they come to it. */
void space_revoke(struct space *space, uint64_t start, uint64_t end)
    REQUIRES(space->lock);

/* Takes all pages out of [start, end), whose tables are its own; nothing is
 * cached of them after, and each frame has one reference less. `alone`: the
 * space has no users. */
void space_drop_pages(struct space *space, uint64_t start, uint64_t end,
                      bool alone) REQUIRES(space->lock);

/* Calls visit with each entry of a leaf in [start, end) that is not 0, in
 * their order. */
void space_for_each_page(struct space *space, uint64_t start, uint64_t end,
                         void (*visit)(struct space *space, uint64_t *entry,
                                       uint64_t arg),
                         uint64_t arg) REQUIRES(space->lock);

/* Where the lowest-level table that maps va ends, at most `end`; or what the
 * root says is nothing. */
uint64_t space_end_of_table(const struct space *space, uint64_t va,
                            uint64_t end) REQUIRES(space->lock);
