/* Address spaces: what a process sees of memory.
 *
 * A space is a tree of areas (what may be there) and a page table (what is
 * there), both guarded by its spin lock. Pages appear when they are touched;
 * fork shares them until one side writes. Several threads may live in one
 * space: a page that is taken away is free for others only when no hart can
 * reach it any more (mm/shootdown.c). Thread context; no other spin lock is
 * held, unless said otherwise. docs/memory.md tells the whole story. */
#pragma once

#include "arch/cpu.h"
#include "lib/list.h"
#include "lib/refcount.h"
#include "lib/tree.h"
#include "sync/spinlock.h"

struct object;

enum area_flags {
    AREA_SHARED = 1,    /* writes are seen by all who show the object */
    AREA_READ_ONLY = 2, /* must never become writable */
    AREA_STACK = 4,     /* grows downwards */
};

/* A range of pages of one kind. */
struct area {
    uint64_t start, end; /* whole pages */
    unsigned prot;       /* PROT_* */
    unsigned flags;      /* AREA_* */

    /* What it shows, from byte offset on; NULL: fresh memory. */
    struct object *object;
    void *handle; /* with a reference */
    uint64_t offset;

    /* private to mm/ */
    struct space *space;
    struct tree_node tree;        /* of its space; key: start */
    struct list_node node;        /* of its space, by address */
    struct list_node object_node; /* of its object; guarded by its lock, as: */
    unsigned walk;
};

struct space {
    struct spinlock lock;

    /* constant after creation */
    uint64_t *root; /* page table */
    uint64_t asid;  /* tag of its translations, and of some other spaces' */

    /* guarded by lock */
    struct tree_node *tree; /* areas */
    struct list_node areas; /* the same by address, disjoint */
    uint64_t brk_start, brk;
    uint64_t size;     /* bytes in areas */
    uint64_t resident; /* bytes of pages that are there */
    uint64_t peak;     /* the same at most, up to when some last went */
    bool shares;       /* fork has made tables those of other spaces, too */

    /* Bytes at most: in areas; that are private and writable; of the stack. */
    uint64_t limit_size, limit_data, limit_stack;

    /* atomic */
    bool populates; /* mmap brings pages in */
    unsigned refs;
    unsigned users;      /* processes that live in it */
    uint64_t generation; /* another one after each time rights are taken away,
                          * that no other space ever has */
};

#define SPACE_STACK_TOP  (USER_END - PAGE_SIZE)
#define SPACE_STACK_SIZE (8ul << 20) /* unless a limit says otherwise */

/* For what is traced: the number of the frame of its root table. */
static inline uint64_t
space_number(const struct space *space)
{
    return virt_to_phys(space->root) / PAGE_SIZE;
}

/* For what is traced: says what va leads to now. */
void space_trace_page(struct space *space, uint64_t va);

/* Creates an empty space with one user, who has a reference.
 * Returns 0 or -ENOMEM. */
int space_create(struct space **out) MUST_CHECK;

/* Creates a copy of `from`, for one user, whose pages both share until one of
 * them writes. Returns 0 or -ENOMEM. */
int space_clone(struct space *from, struct space **out) MUST_CHECK;

/* Makes one more process live in a space. Returns the space. */
struct space *space_join(struct space *space);

/* The process no longer lives in it; with the last, everything in it is
 * unmapped. May block. The reference is still to be dropped. */
void space_leave(struct space *space);

/* Adds a reference, which does not keep what is in it. Any context. */
static inline struct space *
space_ref(struct space *space)
{
    refcount_add(&space->refs);
    return space;
}

/* Drops a reference; with the last, the space goes. Any context. */
void space_unref(struct space *space);

enum space_place {
    SPACE_ANYWHERE, /* below the stack, start does not matter */
    SPACE_REPLACE,  /* instead of what is there */
    SPACE_IF_FREE,  /* -EEXIST if something is there */
};

/* Adds an area like the one given, whose start, end, prot, flags, object,
 * handle and offset are set; start and end move if it goes anywhere. A
 * reference is taken to what it shows. May block.
 * Returns 0, -EINVAL, -EEXIST, -ENOMEM (also beyond user space, or a
 * limit). */
int space_map(struct space *space, struct area *wanted, enum space_place place)
    MUST_CHECK;

/* Removes all areas and pages of a range. May block.
 * Returns 0, -EINVAL, -ENOMEM. */
int space_unmap(struct space *space, uint64_t start, uint64_t size) MUST_CHECK;

/* Forgets the pages of a range, not the areas: what is not kept elsewhere is
 * lost. Returns 0, -EINVAL, -ENOMEM (areas do not cover all of it). */
int space_discard(struct space *space, uint64_t start, uint64_t size)
    MUST_CHECK;

/* Changes the protection of a range that areas cover without a gap. Returns 0,
 * -EINVAL, -EACCES (may not be written to), -ENOMEM (a gap, or no memory). */
int space_protect(struct space *space, uint64_t start, uint64_t size,
                  unsigned prot) MUST_CHECK;

/* Moves [start, start + size), which is of one area, or changes its size, as
 * mremap(2): to *to in place of what is there if `fixed`, else in place, else
 * anywhere if may_move. May block. Returns 0 with where it is in *to; -EINVAL,
 * -EFAULT (not of one area), -ENOMEM. */
int space_remap(struct space *space, uint64_t start, uint64_t size,
                uint64_t new_size, bool may_move, bool fixed, uint64_t *to)
    MUST_CHECK;

/* Moves the end of the heap, or leaves it if that cannot be. May block.
 * Returns where it is then. */
uint64_t space_set_brk(struct space *space, uint64_t brk);

/* Copies the area that contains va, or the first above it, into *area, with a
 * reference to its handle. Returns false if there is none. */
bool space_get_area(struct space *space, uint64_t va, struct area *area);

/* Drops the reference of a copied area. May block. */
void area_put(struct area *area);

/* Makes an access of kind `access` (one of PROT_READ, _WRITE, _EXEC) to va
 * possible: brings the page in, or copies a shared one. May block.
 * Returns 0, -EFAULT (nothing is there), -EACCES (no such right), -ENOMEM, or
 * another error if what the
 * area shows has no such page, or cannot give it. */
int space_fault(struct space *space, uint64_t va, unsigned access) MUST_CHECK;

/* Whether a page is there at va, now. */
bool space_has_page(struct space *space, uint64_t va);

/* Who finds memory when there is none for a page or a table; set once. Called
 * without spin locks, with the number of tries so far; may block. Returns
 * whether to try again. */
extern bool (*space_find_memory)(unsigned tries);

/* What a word of memory is to all who see it, for futexes. */
struct space_word {
    const void *object;
    uint64_t offset;
};

/* Says what the word at va is; unless `shared`, among threads of the space
 * only. Returns 0 or -EFAULT. */
int space_identify(struct space *space, uint64_t va, bool shared,
                   struct space_word *word) MUST_CHECK;
