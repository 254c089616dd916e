/* Slabs whose header says which objects are free, a bit for each: a free object
 * is never touched, and one that comes back twice is found out. */
#include "mm/slab.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kasan.h"

#define OBJECT_ALIGN 16u
#define SLAB_HEADER  64u
#define SLAB_LARGE   512u /* objects beyond have blocks of more than a frame */

/* ---- Sets of objects ---- */

#define SET_WORDS 4u

/* Of the objects of a slab: bit n % 64 of word n / 64 for the n-th. */
struct object_set {
    uint64_t words[SET_WORDS];
};

#define NO_OBJECT UINT32_MAX

static bool
set_has(const struct object_set *set, unsigned n)
{
    return set->words[n / 64] >> n % 64 & 1;
}

static void
set_flip(struct object_set *set, unsigned n)
{
    set->words[n / 64] ^= 1ul << n % 64;
}

static unsigned
set_first(const struct object_set *set)
{
    for (unsigned i = 0; i < SET_WORDS; i++)
        if (set->words[i] != 0)
            return i * 64 + bit_count_trailing_zeros64(set->words[i]);
    return NO_OBJECT;
}

/* ---- Slabs ---- */

/* A block of frames cut into objects; this header comes first. */
struct slab {
    struct slab_cache *cache;
    struct list_node node;
    struct object_set free;
    uint16_t used;
    uint16_t capacity;
};

_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "objects start behind it");
_Static_assert((PAGE_SIZE - SLAB_HEADER) / OBJECT_ALIGN <= SET_WORDS * 64,
               "a set has room for the smallest objects");

static char *
object_at(const struct slab *slab, unsigned n)
{
    return (char *)slab + SLAB_HEADER + n * slab->cache->size;
}

/* Which object of the slab it is; asserts that it is one, and not free. */
static unsigned
object_number(const struct slab *slab, const void *object)
{
    size_t offset = (size_t)((const char *)object - object_at(slab, 0));
    size_t n = offset / slab->cache->size;
    assert(n < slab->capacity && object_at(slab, (unsigned)n) == object);
    assert(!set_has(&slab->free, (unsigned)n));
    return (unsigned)n;
}

static struct slab *
new_slab(struct slab_cache *cache)
{
    struct slab *slab = frame_alloc(cache->order);
    if (!slab)
        return NULL;
    size_t room = (PAGE_SIZE << cache->order) - SLAB_HEADER;
    frame_mark_slab(slab, cache->order, true);
    *slab = (struct slab){.cache = cache};
    slab->capacity = (uint16_t)(room / cache->size);
    list_init(&slab->node);
    for (unsigned n = 0; n < slab->capacity; n++)
        set_flip(&slab->free, n);
    kasan_forbid(object_at(slab, 0), room);
    return slab;
}

static void
delete_slab(struct slab *slab)
{
    unsigned order = slab->cache->order;
    frame_mark_slab(slab, order, false);
    frame_free(slab, order);
}

static void *
slab_take(struct slab *slab)
{
    unsigned n = set_first(&slab->free);
    set_flip(&slab->free, n);
    slab->used++;
    return object_at(slab, n);
}

static void
slab_put(struct slab *slab, const void *object)
{
    set_flip(&slab->free, object_number(slab, object));
    slab->used--;
}

/* ---- Caches ---- */

void
slab_init(struct slab_cache *cache, const char *name, size_t size)
{
    assert(size > 0 && size <= SLAB_MAX_SIZE);
    spin_init(&cache->lock, name, RANK_SLAB);
    cache->size = ALIGN_UP(size, OBJECT_ALIGN);
    cache->order = size > SLAB_LARGE ? 2 : 0; /* at least seven objects */
    list_init(&cache->partial);
    list_init(&cache->empty);
}

/* The list for a slab as it is now; NULL: none. */
static struct list_node *
list_for(struct slab_cache *cache, const struct slab *slab)
{
    if (slab->used == 0)
        return &cache->empty;
    return slab->used < slab->capacity ? &cache->partial : NULL;
}

/* Moves the slab there; one that is there already keeps its place. */
static void
file_locked(struct slab_cache *cache, struct slab *slab,
            const struct list_node *was) REQUIRES(cache->lock)
{
    struct list_node *list = list_for(cache, slab);
    if (list == was)
        return;
    list_del(&slab->node);
    if (list)
        list_push_front(list, &slab->node);
}

/* A slab with a free object, on its list if it is an old one. */
static struct slab *
slab_with_room_locked(struct slab_cache *cache) REQUIRES(cache->lock)
{
    struct slab *slab = list_first(struct slab, &cache->partial, node);
    if (!slab)
        slab = list_first(struct slab, &cache->empty, node);
    return slab ? slab : new_slab(cache);
}

static void *
take_object_locked(struct slab_cache *cache) REQUIRES(cache->lock)
{
    struct slab *slab = slab_with_room_locked(cache);
    if (!slab)
        return NULL;
    /* A new one is on no list, though it might be. */
    struct list_node *was =
        list_is_empty(&slab->node) ? NULL : list_for(cache, slab);
    void *object = slab_take(slab);
    file_locked(cache, slab, was);
    return object;
}

void *
slab_alloc(struct slab_cache *cache)
{
    spin_lock(&cache->lock);
    void *object = take_object_locked(cache);
    spin_unlock(&cache->lock);
    if (object)
        kasan_allow(object, cache->size);
    return object;
}

/* Returns the slab if it is one empty slab too many; it is on no list then. */
static struct slab *
put_object_locked(struct slab_cache *cache, struct slab *slab,
                  const void *object) REQUIRES(cache->lock)
{
    const struct list_node *was = list_for(cache, slab);
    slab_put(slab, object);
    if (slab->used == 0 && !list_is_empty(&cache->empty)) {
        list_del(&slab->node);
        return slab;
    }
    file_locked(cache, slab, was);
    return NULL;
}

void
slab_free(struct slab_cache *cache, void *object)
{
    unsigned order;
    bool is_slab;
    struct slab *slab = frame_find_block(object, &order, &is_slab);
    assert(is_slab && slab->cache == cache);
    kasan_forbid(object, cache->size);
    spin_lock(&cache->lock);
    struct slab *surplus = put_object_locked(cache, slab, object);
    spin_unlock(&cache->lock);
    if (surplus)
        delete_slab(surplus);
}

/* ---- Any size ---- */

#define KMALLOC_MIN_SHIFT 5 /* 32, 64, ... 2048 bytes */
#define KMALLOC_CACHES    7
#define KMALLOC_MAX       (PAGE_SIZE << FRAME_MAX_ORDER)

static struct slab_cache kmalloc_caches[KMALLOC_CACHES];

void
slab_init_kmalloc(void)
{
    for (unsigned i = 0; i < KMALLOC_CACHES; i++)
        slab_init(&kmalloc_caches[i], "kmalloc", 1u << (KMALLOC_MIN_SHIFT + i));
}

/* Of what was given only `size` bytes are anybody's. */
static void *
trim(void *object, size_t given, size_t size)
{
    if (object) {
        kasan_forbid(object, given);
        kasan_allow(object, size);
    }
    return object;
}

static void *
alloc_small(size_t size)
{
    unsigned shift = bit_log2_ceil64(MAX(size, 1ul << KMALLOC_MIN_SHIFT));
    struct slab_cache *cache = &kmalloc_caches[shift - KMALLOC_MIN_SHIFT];
    return trim(slab_alloc(cache), cache->size, size);
}

static void *
alloc_frames(size_t size)
{
    unsigned order = bit_log2_ceil64(ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT);
    return trim(frame_alloc(order), PAGE_SIZE << order, size);
}

void *
kmalloc(size_t size)
{
    if (size > KMALLOC_MAX)
        return NULL;
    return size <= SLAB_MAX_SIZE ? alloc_small(size) : alloc_frames(size);
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
    struct slab *block = frame_find_block(object, &order, &is_slab);
    if (is_slab) {
        slab_free(block->cache, object);
        return;
    }
    assert(object == (void *)block);
    frame_free(block, order);
}
