/* A slab's header has a bit for each object, set while that is free: nothing is
 * ever written into objects that are nobody's. */
#include "mm/slab.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kasan.h"

#define SLAB_HEADER 64u
#define WORD_BITS   64u

/* Objects of 16 bytes, in a frame. */
#define OBJECTS_MAX ((PAGE_SIZE - SLAB_HEADER) / 16)

/* A block of frames cut into objects; this header comes first. */
struct slab {
    struct slab_cache *cache;
    struct list_node node;
    uint64_t free[(OBJECTS_MAX + WORD_BITS - 1) / WORD_BITS];
    uint16_t used;
    uint16_t capacity;
};

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

static char *
object_address(struct slab *slab, unsigned index)
{
    return (char *)slab + SLAB_HEADER + index * slab->cache->size;
}

/* A slab in a new block of frames, with all objects free. NULL without memory.
 */
static struct slab *
new_slab(struct slab_cache *cache)
{
    struct slab *slab = frame_alloc(cache->order);
    if (slab == NULL)
        return NULL;
    frame_mark_slab(slab, cache->order, true);
    size_t room = (PAGE_SIZE << cache->order) - SLAB_HEADER;
    *slab = (struct slab){
        .cache = cache,
        .capacity = (uint16_t)(room / cache->size),
    };
    list_init(&slab->node);
    for (unsigned i = 0; i < slab->capacity; i++)
        slab->free[i / WORD_BITS] |= 1ul << i % WORD_BITS;
    kasan_forbid(object_address(slab, 0), room);
    return slab;
}

/* A slab with a free object, on the partial list: one that is there, else the
 * empty one, else a new one. NULL without memory. */
static struct slab *
slab_with_room_locked(struct slab_cache *cache)
{
    if (!list_is_empty(&cache->partial))
        return container_of(cache->partial.next, struct slab, node);
    struct slab *slab;
    if (list_is_empty(&cache->empty))
        slab = new_slab(cache);
    else
        slab = container_of(cache->empty.next, struct slab, node);
    if (slab != NULL) {
        list_del(&slab->node);
        list_push_front(&cache->partial, &slab->node);
    }
    return slab;
}

/* Takes a free object of a slab that has one. */
static unsigned
take_object(struct slab *slab)
{
    unsigned word = 0;
    while (slab->free[word] == 0)
        word++;
    unsigned bit = bit_count_trailing_zeros64(slab->free[word]);
    slab->free[word] &= slab->free[word] - 1;
    slab->used++;
    return word * WORD_BITS + bit;
}

/* A slab without a free object is on no list until one comes back. */
void *
slab_alloc(struct slab_cache *cache)
{
    spin_guard(&cache->lock);
    struct slab *slab = slab_with_room_locked(cache);
    if (slab == NULL)
        return NULL;
    void *object = object_address(slab, take_object(slab));
    if (slab->used == slab->capacity)
        list_del(&slab->node);
    kasan_allow(object, cache->size);
    return object;
}

/* Makes an object of the slab free, and asserts that it was one in use. */
static void
put_object(struct slab *slab, void *object)
{
    size_t offset = (size_t)((char *)object - object_address(slab, 0));
    unsigned index = (unsigned)(offset / slab->cache->size);
    assert(index < slab->capacity && object_address(slab, index) == object);
    uint64_t bit = 1ul << index % WORD_BITS;
    assert((slab->free[index / WORD_BITS] & bit) == 0);
    slab->free[index / WORD_BITS] |= bit;
    slab->used--;
#ifdef SAN
    kasan_allow(object, slab->cache->size);
    memset(object, 0xdf, slab->cache->size);
#endif
    kasan_forbid(object, slab->cache->size);
}

/* Frees an object of the slab, and moves that to where it now belongs. Returns
 * whether it belongs nowhere: an empty one is there already. */
static bool
put_locked(struct slab_cache *cache, struct slab *slab, void *object)
{
    put_object(slab, object);
    if (slab->used > 0) {
        if (slab->used == slab->capacity - 1)
            list_push_back(&cache->partial, &slab->node);
        return false;
    }
    list_del(&slab->node);
    if (!list_is_empty(&cache->empty))
        return true;
    list_push_back(&cache->empty, &slab->node);
    return false;
}

void
slab_free(struct slab_cache *cache, void *object)
{
    unsigned order;
    bool is_slab, is_left_over;
    struct slab *slab = frame_find_block(object, &order, &is_slab);
    assert(is_slab && slab->cache == cache);
    {
        spin_guard(&cache->lock);
        is_left_over = put_locked(cache, slab, object);
    }
    if (is_left_over) {
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

/* The smallest block of frames of so many bytes, or NULL. */
static void *
alloc_frames(size_t size)
{
    if (size > PAGE_SIZE << FRAME_MAX_ORDER)
        return NULL;
    unsigned order = bit_log2_ceil64((size + PAGE_SIZE - 1) / PAGE_SIZE);
    void *block = frame_alloc(order);
    if (block != NULL)
        kasan_forbid(block, PAGE_SIZE << order);
    return block;
}

static void *
alloc_small(size_t size)
{
    unsigned shift = bit_log2_ceil64(MAX(size, 1ul << KMALLOC_MIN_SHIFT));
    struct slab_cache *cache = &kmalloc_caches[shift - KMALLOC_MIN_SHIFT];
    void *object = slab_alloc(cache);
    if (object != NULL)
        kasan_forbid(object, cache->size);
    return object;
}

/* What an object is larger than was asked for is nobody's. */
void *
kmalloc(size_t size)
{
    void *object =
        size <= SLAB_MAX_SIZE ? alloc_small(size) : alloc_frames(size);
    if (object != NULL)
        kasan_allow(object, size);
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

void
kfree(void *object)
{
    unsigned order;
    bool is_slab;
    if (object == NULL)
        return;
    void *block = frame_find_block(object, &order, &is_slab);
    if (is_slab) {
        slab_free(((struct slab *)block)->cache, object);
        return;
    }
    assert(block == object);
    frame_free(block, order);
}
