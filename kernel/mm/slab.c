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

static struct slab *
new_slab(struct slab_cache *cache)
{
    struct slab *slab = frame_alloc(cache->order);
    if (!slab)
        return NULL;
    frame_mark_slab(slab, cache->order, true);

    size_t room = (PAGE_SIZE << cache->order) - SLAB_HEADER;
    slab->cache = cache;
    slab->used = 0;
    slab->capacity = (unsigned)(room / cache->size);
    slab->free = NULL;
    for (unsigned i = slab->capacity; i-- > 0;) {
        void **object = (void **)((char *)slab + SLAB_HEADER + i * cache->size);
        *object = slab->free;
        slab->free = object;
        kasan_forbid(object, cache->size);
    }
    return slab;
}

static struct slab *
slab_with_room_locked(struct slab_cache *cache)
{
    struct slab *slab = list_first(struct slab, &cache->partial, node);
    if (slab)
        return slab;
    slab = list_pop(struct slab, &cache->empty, node) ?: new_slab(cache);
    if (slab)
        list_push_front(&cache->partial, &slab->node);
    return slab;
}

void *
slab_alloc(struct slab_cache *cache)
{
    void **object = NULL;
    spin_guard(&cache->lock);
    struct slab *slab = slab_with_room_locked(cache);
    if (slab) {
        object = slab->free;
        kasan_allow(object, cache->size);
        slab->free = *object;
        if (++slab->used == slab->capacity)
            list_del(&slab->node); /* full: on no list until one comes back */
    }
    return object;
}

void
slab_free(struct slab_cache *cache, void *object)
{
    unsigned order;
    bool is_slab;
    struct slab *slab = frame_find_block(object, &order, &is_slab);
    struct slab *surplus = NULL;
    assert(is_slab && slab->cache == cache);
    kasan_allow(object, cache->size);
#ifdef SAN
    memset(object, 0xd6, cache->size);
#endif
    spin_lock(&cache->lock);
    *(void **)object = slab->free;
    slab->free = object;
    kasan_forbid(object, cache->size);
    slab->used--;
    list_del(&slab->node);
    if (slab->used > 0)
        list_push_front(&cache->partial, &slab->node);
    else if (list_is_empty(&cache->empty))
        list_push_front(&cache->empty, &slab->node);
    else
        surplus = slab;
    spin_unlock(&cache->lock);
    if (surplus) {
        frame_mark_slab(surplus, cache->order, false);
        kasan_allow(surplus, PAGE_SIZE << cache->order);
        frame_free(surplus, cache->order);
    }
}

void
slab_init_kmalloc(void)
{
    for (unsigned i = 0; i < KMALLOC_CACHES; i++)
        slab_init(&kmalloc_caches[i], "kmalloc", 1u << (KMALLOC_MIN_SHIFT + i));
}

void *
kmalloc(size_t size)
{
    if (size <= SLAB_MAX_SIZE) {
        unsigned i = 0;
        while (kmalloc_caches[i].size < size)
            i++;
        void *object = slab_alloc(&kmalloc_caches[i]);
        if (object) { /* what it is larger than asked for is nobody's */
            kasan_forbid(object, kmalloc_caches[i].size);
            kasan_allow(object, size);
        }
        return object;
    }
    unsigned order = 0;
    while (PAGE_SIZE << order < size)
        if (++order > FRAME_MAX_ORDER)
            return NULL;
    return frame_alloc(order);
}

void *
kzalloc(size_t size)
{
    void *object = kmalloc(size);
    if (object)
        memset(object, 0, size);
    return object;
}

void
kfree(void *object)
{
    unsigned order;
    bool is_slab;
    if (!object)
        return;
    void *block = frame_find_block(object, &order, &is_slab);
    if (is_slab)
        slab_free(((struct slab *)block)->cache, object);
    else
        frame_free(block, order);
}
