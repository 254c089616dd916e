/* The first slab on the list serves; sizes are found by going through the
 * caches from the smallest on. */
#include "mm/slab.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/string.h"
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
    size_t bytes = PAGE_SIZE << cache->order;
    struct slab *slab = frame_alloc(cache->order);
    if (slab == NULL)
        return NULL;
    frame_mark_slab(slab, cache->order, true);
    *slab = (struct slab){
        .cache = cache,
        .capacity = (unsigned)((bytes - SLAB_HEADER) / cache->size),
    };
    char *objects = (char *)slab + SLAB_HEADER;
    for (unsigned i = slab->capacity; i-- > 0;) {
        void *object = objects + i * cache->size;
        *(void **)object = slab->free;
        slab->free = object;
    }
    kasan_forbid(objects, bytes - SLAB_HEADER);
    return slab;
}

/* A slab with a free object, on the partial list: one that is there, else the
 * empty one, else a new one. NULL without memory. */
static struct slab *
slab_with_room_locked(struct slab_cache *cache)
{
    struct slab *slab = list_first(struct slab, &cache->partial, node);
    if (slab != NULL)
        return slab;
    slab = list_pop(struct slab, &cache->empty, node) ?: new_slab(cache);
    if (slab != NULL)
        list_push_back(&cache->partial, &slab->node);
    return slab;
}

/* Takes an object of a slab with room. A slab without a free object is on no
 * list until one comes back. */
void *
slab_alloc(struct slab_cache *cache)
{
    spin_guard(&cache->lock);
    struct slab *slab = slab_with_room_locked(cache);
    if (slab == NULL)
        return NULL;
    void *object = slab->free;
    kasan_allow(object, cache->size);
    slab->free = *(void **)object;
    slab->used++;
    if (slab->free == NULL)
        list_del(&slab->node);
    return object;
}

/* Finds the object's slab (frame_find_block) and asserts that it is of this
 * cache. A slab whose objects are all free becomes the cache's empty one; if
 * there is one already, it is unmarked and its frames are given back, without
 * the lock. */
void
slab_free(struct slab_cache *cache, void *object)
{
    unsigned order;
    bool is_slab, surplus = false;
    struct slab *slab = frame_find_block(object, &order, &is_slab);
    assert(is_slab && slab->cache == cache);
    spin_lock(&cache->lock);
    if (slab->free == NULL)
        list_push_back(&cache->partial, &slab->node);
    kasan_allow(object, cache->size); /* all of it, for the link */
    *(void **)object = slab->free;
    slab->free = object;
    kasan_forbid(object, cache->size);
    if (--slab->used == 0) {
        list_del(&slab->node);
        surplus = !list_is_empty(&cache->empty);
        if (!surplus)
            list_push_back(&cache->empty, &slab->node);
    }
    spin_unlock(&cache->lock);
    if (surplus) {
        frame_mark_slab(slab, order, false);
        frame_free(slab, order);
    }
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
    void *object;
    size_t room;
    if (size <= SLAB_MAX_SIZE) {
        struct slab_cache *cache = kmalloc_caches;
        while (cache->size < size)
            cache++;
        object = slab_alloc(cache);
        room = cache->size;
    } else {
        unsigned order = 0;
        while (order <= FRAME_MAX_ORDER && PAGE_SIZE << order < size)
            order++;
        if (order > FRAME_MAX_ORDER)
            return NULL;
        object = frame_alloc(order);
        room = PAGE_SIZE << order;
    }
    if (object != NULL) {
        kasan_forbid(object, room);
        kasan_allow(object, size);
    }
    return object;
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
    unsigned order;
    bool is_slab;
    if (object == NULL)
        return;
    struct slab *slab = frame_find_block(object, &order, &is_slab);
    if (is_slab)
        slab_free(slab->cache, object);
    else
        frame_free(object, order);
}
