#include "mm/slab.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "lib/todo.h"
#include "mm/frame.h"
#include "mm/kasan.h"

/* A block of frames cut into objects; this header comes first. */
struct slab {
    struct slab_cache *cache;
    struct list_node node;
    void *free; /* free objects, each pointing to the next */
    unsigned used;
    unsigned capacity;
};

#define SLAB_HEADER 64u

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "objects start behind it");

/* kmalloc's caches hold 32, 64, ... 2048 bytes. */
#define KMALLOC_MIN_SHIFT 5
#define KMALLOC_CACHES    7

static struct slab_cache kmalloc_caches[KMALLOC_CACHES];

void
slab_init(struct slab_cache *cache, const char *name, size_t size)
{
    assert(size > 0 && size <= SLAB_MAX_SIZE);
    spin_init(&cache->lock, name, RANK_SLAB);
    cache->size = ALIGN_UP(size, 16);
    cache->order = size > 512 ? 2 : 0; /* at least seven objects a slab */
    list_init(&cache->partial);
    list_init(&cache->empty);
}

/* Allocates a block of frames for the cache, marks it (frame_mark_slab), and
 * links all objects that fit behind SLAB_HEADER into slab->free, each pointing
 * to the next. What is free is forbidden (mm/kasan.h). Returns NULL without
 * memory. */
static struct slab *
new_slab(struct slab_cache *cache)
{
    LAB_TODO(2);
}

/* A slab with a free object, on the partial list: one that is there, else the
 * empty one, else a new one. NULL without memory. */
static struct slab *
slab_with_room_locked(struct slab_cache *cache)
{
    LAB_TODO(2);
}

/* Takes an object of a slab with room. A slab without a free object is on no
 * list until one comes back. */
void *
slab_alloc(struct slab_cache *cache)
{
    LAB_TODO(2);
}

/* Finds the object's slab (frame_find_block) and asserts that it is of this
 * cache. A slab whose objects are all free becomes the cache's empty one; if
 * there is one already, it is unmarked and its frames are given back, without
 * the lock. */
void
slab_free(struct slab_cache *cache, void *object)
{
    LAB_TODO(2);
}

void
slab_init_kmalloc(void)
{
    for (unsigned i = 0; i < KMALLOC_CACHES; i++)
        slab_init(&kmalloc_caches[i], "kmalloc", 1u << (KMALLOC_MIN_SHIFT + i));
}

/* Up to SLAB_MAX_SIZE from the smallest cache that fits; beyond, whole frames,
 * and NULL for more than FRAME_MAX_ORDER has. What an object is larger than was
 * asked for is nobody's (mm/kasan.h). */
void *
kmalloc(size_t size)
{
    LAB_TODO(2);
}

void *
kzalloc(size_t size)
{
    void *object = kmalloc(size);
    if (object)
        memset(object, 0, size);
    return object;
}

/* Whose is it: a slab's, or a block of frames? */
void
kfree(void *object)
{
    LAB_TODO(2);
}
