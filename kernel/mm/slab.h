/* Small objects: caches of equal-sized objects, and kmalloc over them.
 *
 * Owns its blocks of frames, the slabs: 64 bytes that are its own, then as many
 * objects as fit. Each cache is guarded by a lock of its own; any context.
 * Objects are 16-byte aligned and lie in the direct map, so devices may read
 * and write them. */
#pragma once

#include "lib/list.h"
#include "sync/spinlock.h"

#define SLAB_MAX_SIZE 2048u

struct slab_cache {
    struct spinlock lock;

    /* constant after init */
    size_t size;    /* of an object, bytes */
    unsigned order; /* of a slab's block of frames */

    /* guarded by lock */
    struct list_node partial; /* slabs with used and free objects */
    struct list_node empty;   /* slabs without used objects; at most one */
};

/* size at most SLAB_MAX_SIZE. */
void slab_init(struct slab_cache *cache, const char *name, size_t size);

/* Returns an object with undefined content, or NULL. */
void *slab_alloc(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

/* Any size up to 4 MiB; kfree(NULL) does nothing. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *object);

/* FREED char *p = kmalloc(n): kfree(p) as p goes. */
#define FREED AT_END(kfree_at)
static inline void
kfree_at(void *pointer)
{
    void *object;
    __builtin_memcpy(&object, pointer, sizeof(object));
    kfree(object);
}

/* Once, after frame_init. */
void slab_init_kmalloc(void);
