/* What areas show that is not fresh memory of their own: the pages of a file,
 * or memory that processes share.
 *
 * An object is the head of the areas that show it, guarded by its spin lock:
 * so its pages can be taken out of every address space again. Where the pages
 * come from is its operations' business, which a layer above provides. Thread
 * context, unless said otherwise. */
#pragma once

#include "lib/list.h"
#include "sync/spinlock.h"

struct area;
struct space;

/* A handle is what an area keeps of its object: it holds a reference. */
struct object_ops {
    /* Finds page index, in pages from the object's start; `write`: it is about
     * to be written to, and counts as changed from now on. May block.
     * Returns 0 and its frame with a reference; -ENXIO past the end; -ENOMEM,
     * or why it cannot be had. */
    int (*get_page)(void *handle, uint64_t index, bool write, void **frame);

    /* Returns once what was changed is on the disk for good. May block.
     * NULL: nothing ever is. */
    int (*sync)(void *handle);

    /* Adds a reference, any context; drops one, may block. */
    void (*ref)(void *handle);
    void (*unref)(void *handle);
};

struct object {
    /* constant after init */
    const struct object_ops *ops;

    struct spinlock lock;
    /* guarded by lock */
    struct list_node areas;
    unsigned walks;

    /* atomic; written under lock */
    uint64_t changes; /* counts the times that pages were taken away, or the
                       * right to write to them */
};

void object_init(struct object *object, const struct object_ops *ops);

/* Takes pages from number `from` on out of all spaces: out of areas that share
 * them, and if private_too also those that were copied when they were
 * written. Who asks for one meanwhile is told to ask again, so the caller
 * first makes sure that get_page no longer finds it. No spin lock held. */
void object_unmap(struct object *object, uint64_t from, bool private_too);

/* Takes the right to write away from all areas that share pages: the next
 * write asks get_page again. No spin lock held. */
void object_protect(struct object *object);

/* Whether any area shows it; may be wrong a moment later. Any context. */
static inline bool
object_is_mapped(const struct object *object)
{
    return READ_ONCE(object->areas.next) != &object->areas;
}

/* Makes an object of `size` bytes of zeroed memory, whose handle is itself,
 * with one reference. Returns NULL without memory. */
struct object *object_create_shared(uint64_t size);
