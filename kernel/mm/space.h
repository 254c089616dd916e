/* Address spaces: what a process sees of memory.
 *
 * A space is a list of areas (what may be there) and a page table (what is
 * there), both guarded by its spin lock. Pages appear when they are touched;
 * fork shares them until one side writes. Thread context. */
#pragma once

#include "arch/cpu.h"
#include "lib/list.h"
#include "sync/spinlock.h"

/* A range of pages with one protection. */
struct area {
    uint64_t start, end; /* whole pages */
    unsigned prot;       /* PROT_* */
    struct list_node node;
};

struct space {
    struct spinlock lock;

    /* constant after creation */
    uint64_t *root; /* page table */

    /* guarded by lock */
    struct list_node areas; /* by address, disjoint */
    uint64_t brk_start, brk;
    uint64_t size;     /* bytes in areas */
    uint64_t resident; /* bytes of pages that are there */

    /* atomic */
    unsigned refs;
    uint64_t generation; /* counts changes that took rights away */
};

#define SPACE_STACK_TOP  (USER_END - PAGE_SIZE)
#define SPACE_STACK_SIZE (8ul << 20)

/* Creates an empty space with one reference. Returns 0 or -ENOMEM. */
int space_create(struct space **out) MUST_CHECK;

/* Creates a copy of `from` whose pages both share until one of them writes.
 * Returns 0 or -ENOMEM. */
int space_clone(struct space *from, struct space **out) MUST_CHECK;

/* Unmaps everything; for a process that ends or execs. */
void space_clear(struct space *space);

/* Drops a reference; with the last, the space goes. */
void space_unref(struct space *space);

/* Makes this hart use the space's page table; NULL keeps what it has, since
 * the kernel half is the same everywhere. Interrupts off. */
void space_switch(struct space *space);

/* Adds an area of anonymous zeroed memory, replacing what was there; start
 * and size are whole pages. Returns 0, -EINVAL, -ENOMEM (also beyond user
 * space). */
int space_map(struct space *space, uint64_t start, uint64_t size, unsigned prot)
    MUST_CHECK;

/* Removes all areas and pages of a range. Returns 0, -EINVAL, -ENOMEM. */
int space_unmap(struct space *space, uint64_t start, uint64_t size) MUST_CHECK;

/* Changes the protection of a range that areas cover without a gap.
 * Returns 0, -EINVAL, -ENOMEM (a gap, or no memory). */
int space_protect(struct space *space, uint64_t start, uint64_t size,
                  unsigned prot) MUST_CHECK;

/* Returns the highest free range of `size` bytes below the stack, or 0. */
uint64_t space_find_gap(struct space *space, uint64_t size);

/* Whether no area touches a range. */
bool space_is_free(struct space *space, uint64_t start, uint64_t size);

/* Moves the end of the heap, or leaves it if that cannot be.
 * Returns where it is then. */
uint64_t space_set_brk(struct space *space, uint64_t brk);

/* Makes an access of kind `access` (one of PROT_READ, _WRITE, _EXEC) to va
 * possible: brings the page in, or copies a shared one.
 * Returns 0, -EFAULT (no such right), -ENOMEM. */
int space_fault(struct space *space, uint64_t va, unsigned access) MUST_CHECK;

/* Who finds memory when a fault finds none; set once. Called without spin
 * locks, with the number of tries so far; may block. Returns whether to try
 * again. */
extern bool (*space_find_memory)(unsigned tries);

/* The kernel's address of user address va, for an access that its page
 * allows as it is now; NULL otherwise. Only the space's own thread changes
 * it, so that thread may call this without the lock. */
void *space_translate(const struct space *space, uint64_t va, bool write);
