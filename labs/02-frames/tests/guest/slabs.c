/* Small objects, in scripts of one-letter operations; each puts its results
 * into the answer. tests/_memory.py writes the scripts and reads the answers.
 */
#include "memory.h"
#include "mm/slab.h"

GRADE_ENTRY(GRADE_AT_KMAIN);

#define CACHES  4u
#define OBJECTS 4096u
#define MOST    (PAGE_SIZE << (FRAME_MAX_ORDER + 1))

static struct slab_cache caches[CACHES];

static struct {
    uint8_t *at;
    uint32_t size;
} objects[OBJECTS];

/* Of a large object every so many bytes, and the last, show whose it is. */
static size_t
next_byte(size_t i, size_t size)
{
    size_t next = i + (size > 256 ? 61 : 1);
    return i < size - 1 ? MIN(next, size - 1) : size;
}

static uint8_t
byte_of(unsigned slot, size_t i)
{
    return (uint8_t)(slot * 37 + slot / 256 * 11 + i * 5 + 1);
}

/* Is memory of the window, for so many bytes? */
static bool
is_memory(const uint8_t *object, size_t size)
{
    uint64_t va = (uint64_t)object, pa = va - DIRECT_BASE;
    return va >= DIRECT_BASE && pa >= WINDOW_BASE && size < MOST &&
           pa + size <= WINDOW_BASE + WINDOW_FRAMES * PAGE_SIZE;
}

static void
put_object(struct grade *g, unsigned slot, uint8_t *object, size_t size)
{
    objects[slot].at = object;
    objects[slot].size = is_memory(object, size) ? (uint32_t)size : 0;
    size = objects[slot].size;
    for (size_t i = 0; i < size; i = next_byte(i, size))
        object[i] = byte_of(slot, i);
    grade_put_u64(g, object == NULL ? 0 : virt_to_phys(object));
}

static bool
is_intact(unsigned slot)
{
    size_t size = objects[slot].size;
    for (size_t i = 0; i < size; i = next_byte(i, size))
        if (objects[slot].at[i] != byte_of(slot, i))
            return false;
    return true;
}

/* ---- Operations ---- */

/* i: cache, size */
static void
op_init(struct grade *g)
{
    unsigned cache = grade_u32(g);
    slab_init(&caches[cache], "graded", grade_u32(g));
    grade_put_u32(g, (uint32_t)caches[cache].size);
    grade_put_u32(g, caches[cache].order);
}

/* a: cache, first slot, how many; their physical addresses */
static void
op_alloc(struct grade *g)
{
    struct slab_cache *cache = &caches[grade_u32(g)];
    unsigned slot = grade_u32(g);
    for (unsigned n = grade_u32(g); n > 0; n--)
        put_object(g, slot++, slab_alloc(cache), cache->size);
}

/* f: cache, how many, slots; for each whether what was in it still is */
static void
op_free(struct grade *g)
{
    struct slab_cache *cache = &caches[grade_u32(g)];
    for (unsigned n = grade_u32(g); n > 0; n--) {
        unsigned slot = grade_u32(g);
        grade_put_u8(g, is_intact(slot));
        slab_free(cache, objects[slot].at);
    }
}

/* l: cache; slabs on its lists: with used and free objects, without used ones
 */
static void
op_lists(struct grade *g)
{
    struct slab_cache *cache = &caches[grade_u32(g)];
    struct list_node *heads[] = {&cache->partial, &cache->empty};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t n = 0;
        for (struct list_node *at = heads[i]->next; at != heads[i] && n < 9999;
             at = at->next)
            n++;
        grade_put_u32(g, n);
    }
}

/* k: first slot, how many, and size; their physical addresses */
static void
op_kmalloc(struct grade *g)
{
    unsigned slot = grade_u32(g), n = grade_u32(g);
    for (uint64_t size = grade_u64(g); n > 0; n--)
        put_object(g, slot++, kmalloc(size), size);
}

/* K: how many, slots; for each whether what was in it still is */
static void
op_kfree(struct grade *g)
{
    for (unsigned n = grade_u32(g); n > 0; n--) {
        unsigned slot = grade_u32(g);
        grade_put_u8(g, is_intact(slot));
        kfree(objects[slot].at);
        objects[slot].at = NULL;
    }
}

/* X: frames taken until there is none, each linked to the one before; Y: given
 * back */
static uint64_t *hoard;

static void
op_take_all(struct grade *g)
{
    uint32_t n = 0;
    for (uint64_t *frame; (frame = frame_alloc(0)) != NULL; n++) {
        *frame = (uint64_t)hoard;
        hoard = frame;
    }
    grade_put_u32(g, n);
}

static void
op_free_all(void)
{
    while (hoard != NULL) {
        uint64_t *frame = hoard;
        hoard = (uint64_t *)*frame;
        frame_free(frame, 0);
    }
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'i':
        op_init(g);
        break;
    case 'a':
        op_alloc(g);
        break;
    case 'f':
        op_free(g);
        break;
    case 'l':
        op_lists(g);
        break;
    case 'k':
        op_kmalloc(g);
        break;
    case 'K':
        op_kfree(g);
        break;
    case 'c':
        grade_put_u64(g, frame_count_free());
        break;
    case 'L':
        hold_last_lock(true);
        break;
    case 'X':
        op_take_all(g);
        break;
    case 'Y':
        op_free_all();
        break;
    }
}

static void
script(struct grade *g)
{
    start_frames(g);
    slab_init_kmalloc();
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
}

GRADE_CASES({"script", script});
