/* One list for each order, and one stack of numbers for each hart: no other
 * structure, and no case that is not a plain loop over one of them. */
#include "mm/frame.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/kasan.h"
#include "sync/spinlock.h"

/* What a frame is, as far as its first byte of the block knows. */
enum frame_kind {
    FRAME_RESERVED = 0, /* not ours: holes, firmware, the kernel */
    FRAME_FREE,         /* head of a free block */
    FRAME_USED,         /* head of an allocated block */
    FRAME_SLAB,         /* in a block of the slab allocator */
    FRAME_TAIL,         /* in a block, but not its head */
};

/* Free blocks are linked here and not through their own memory: a boot that
 * touches each block makes the host of an emulator find memory for all. */
struct frame {
    union {
        uint32_t refs; /* atomic; used head */
        uint32_t next; /* free head: its list's neighbours, by number */
    };
    uint32_t prev;
    uint16_t head; /* slab: frames back to the head */
    uint8_t kind;
    uint8_t order; /* of the block whose head it is */
};

#define NOBODY UINT32_MAX

/* Free frames that a hart keeps for itself. Most blocks are of one frame, and
 * so need no lock. */
#define CACHE_MAX  32
#define CACHE_MOVE 16 /* come from the free blocks, or go there, at once */

/* Whoever makes count 0 has the numbers: mostly the hart, with interrupts off,
 * which puts back what is left. Another, for lack of other frames, does so with
 * frame_lock held; the hart that finds 0 writes no numbers before it has had
 * that lock. */
static struct {
    uint32_t count; /* atomic */
    uint32_t numbers[CACHE_MAX];
} caches[CPU_MAX];

static struct spinlock frame_lock = SPINLOCK_INIT("frame", RANK_FRAME);

/* guarded by frame_lock */
static uint32_t free_blocks[FRAME_MAX_ORDER + 1]; /* first of each order */
static size_t free_count;

/* constant after frame_init */
static struct frame *frames; /* one for each frame from first_pfn on */
static uint64_t first_pfn, end_pfn;
static size_t total_count;

static uint64_t
frame_number(const void *kva)
{
    uint64_t pfn = virt_to_phys(kva) >> PAGE_SHIFT;
    assert(pfn >= first_pfn && pfn < end_pfn);
    return pfn - first_pfn;
}

static void *
frame_address(uint64_t number)
{
    return phys_to_virt((number + first_pfn) << PAGE_SHIFT);
}

static void
link_free(uint64_t number, unsigned order)
{
    uint32_t next = free_blocks[order];
    frames[number] = (struct frame){.next = next,
                                    .prev = NOBODY,
                                    .kind = FRAME_FREE,
                                    .order = (uint8_t)order};
    if (next != NOBODY)
        frames[next].prev = (uint32_t)number;
    free_blocks[order] = (uint32_t)number;
}

/* Takes a free block off its list; it is nobody's head any more. */
static void
unlink_free(uint64_t number)
{
    struct frame *frame = &frames[number];
    if (frame->prev != NOBODY)
        frames[frame->prev].next = frame->next;
    else
        free_blocks[frame->order] = frame->next;
    if (frame->next != NOBODY)
        frames[frame->next].prev = frame->prev;
    frame->kind = FRAME_TAIL;
}

/* Links a free block of 2^order frames, after merging it with its buddy as
 * often as that is free, and as large. Buddies differ in one bit of their
 * *physical* frame number, first_pfn included; a frame outside [first_pfn,
 * end_pfn) has no entry. Of a merged block one frame is the head, the others
 * are FRAME_TAIL. free_count counts frames. */
static void
free_locked(uint64_t number, unsigned order)
{
    uint64_t pfn = number + first_pfn;
    frames[number].kind = FRAME_TAIL;
    free_count += 1ul << order;
    for (; order < FRAME_MAX_ORDER; order++) {
        uint64_t buddy = pfn ^ 1ul << order;
        if (buddy < first_pfn || buddy >= end_pfn ||
            frames[buddy - first_pfn].kind != FRAME_FREE ||
            frames[buddy - first_pfn].order != order)
            break;
        unlink_free(buddy - first_pfn);
        pfn &= buddy;
    }
    link_free(pfn - first_pfn, order);
}

/* Hands frames [pfn, end) to the allocator, in blocks as large as alignment and
 * what is left allow, and counts them in total_count. */
static void
add_range(uint64_t pfn, uint64_t end)
{
    total_count += end - pfn;
    while (pfn < end) {
        unsigned order = FRAME_MAX_ORDER;
        while (pfn % (1ul << order) != 0 || end - pfn < 1ul << order)
            order--;
        for (uint64_t i = pfn; i < pfn + (1ul << order); i++)
            frames[i - first_pfn].kind = FRAME_TAIL;
        free_locked(pfn - first_pfn, order);
        pfn += 1ul << order;
    }
}

/* The table has an entry for each frame between the first and the last, holes
 * included: RAM so far off that the table would fill an eighth of what comes
 * before is left out. */
static const struct fdt_range *
last_range(const struct memmap *map)
{
    uint64_t first = map->ram[0].base, bytes = map->ram[0].size;
    unsigned last = 0;
    while (last + 1 < map->nram) {
        const struct fdt_range *next = &map->ram[last + 1];
        uint64_t span = next->base + next->size - first;
        if (span / PAGE_SIZE * sizeof(struct frame) > bytes / 8)
            break;
        bytes += next->size;
        last++;
    }
    if (last + 1 < map->nram)
        pr_warn("RAM from %#lx on is too far away to be used",
                map->ram[last + 1].base);
    return &map->ram[last];
}

void
frame_init(const struct memmap *map)
{
    const struct fdt_range *last = last_range(map);
    for (unsigned i = 0; i <= FRAME_MAX_ORDER; i++)
        free_blocks[i] = NOBODY;
    first_pfn = map->ram[0].base >> PAGE_SHIFT;
    uint64_t end = MIN(last->base + last->size, DIRECT_SIZE);
    end_pfn = end >> PAGE_SHIFT;
    size_t bytes =
        ALIGN_UP((end_pfn - first_pfn) * sizeof(struct frame), PAGE_SIZE);
    size_t room = bytes;
#ifdef SAN
    room += (end_pfn - first_pfn + 7) / 8 * PAGE_SIZE; /* shadow memory */
#endif
    uint64_t table = UINT64_MAX, stop;
    for (uint64_t at = 0; memmap_next(map, false, end, &at, &stop); at = stop)
        if (stop - at >= room)
            table = MIN(table, at);
    if (table == UINT64_MAX)
        panic("no room in RAM for the table of %lu frames",
              end_pfn - first_pfn);

    frames = phys_to_virt(table);
    memset(frames, 0, bytes);
    for (uint64_t at = 0; memmap_next(map, false, end, &at, &stop); at = stop)
        add_range((at == table ? at + room : at) >> PAGE_SHIFT,
                  stop >> PAGE_SHIFT);
#ifdef SAN
    kasan_init(first_pfn << PAGE_SHIFT, end_pfn << PAGE_SHIFT,
               (char *)frames + bytes);
#endif
}

/* Takes a block of that order off its list. If there is none, splits the
 * smallest that is larger: what is not needed stays free, one block of each
 * order. NOBODY: there is none. */
static uint32_t
take_locked(unsigned order) REQUIRES(frame_lock)
{
    unsigned found = order;
    while (found <= FRAME_MAX_ORDER && free_blocks[found] == NOBODY)
        found++;
    if (found > FRAME_MAX_ORDER)
        return NOBODY;
    uint32_t number = free_blocks[found];
    unlink_free(number);
    free_count -= 1ul << order;
    while (found-- > order)
        link_free(number + (1u << found), found);
    return number;
}

/* As take_locked; but if there is nothing, and only then, with what the harts
 * keep, one after the other. The comment above `caches` says how another hart's
 * frames are taken. */
static uint32_t
take_or_collect_locked(unsigned order) REQUIRES(frame_lock)
{
    uint32_t number = take_locked(order);
    for (unsigned i = 0; i < cpu_count() && number == NOBODY; i++) {
        uint32_t count =
            __atomic_exchange_n(&caches[i].count, 0, __ATOMIC_ACQ_REL);
        while (count > 0)
            free_locked(caches[i].numbers[--count], 0);
        number = take_locked(order);
    }
    return number;
}

/* Takes a frame from this hart's cache, without frame_lock. If the cache is
 * empty, CACHE_MOVE frames come into it at once, if there are so many. NOBODY
 * if there is no frame. Nothing may interrupt: a handler allocates, too. */
static uint32_t
take_cached(void)
{
    bool on = cpu_irq_save();
    unsigned cpu = this_cpu()->index;
    uint32_t *numbers = caches[cpu].numbers;
    uint32_t count =
        __atomic_exchange_n(&caches[cpu].count, 0, __ATOMIC_ACQ_REL);
    if (count == 0) {
        spin_guard(&frame_lock);
        uint32_t number = take_or_collect_locked(0);
        while (number != NOBODY) {
            numbers[count++] = number;
            number = count < CACHE_MOVE ? take_locked(0) : NOBODY;
        }
    }
    uint32_t number = count > 0 ? numbers[--count] : NOBODY;
    __atomic_store_n(&caches[cpu].count, count, __ATOMIC_RELEASE);
    cpu_irq_restore(on);
    return number;
}

/* Puts a free frame into this hart's cache, without frame_lock. If that is
 * full, the oldest CACHE_MOVE go to the free blocks first. Nothing may
 * interrupt. */
static void
put_cached(uint64_t number)
{
    bool on = cpu_irq_save();
    unsigned cpu = this_cpu()->index;
    uint32_t *numbers = caches[cpu].numbers;
    uint32_t count =
        __atomic_exchange_n(&caches[cpu].count, 0, __ATOMIC_ACQ_REL);
    if (count == 0 || count == CACHE_MAX) {
        spin_guard(&frame_lock);
        if (count == CACHE_MAX) {
            for (count = 0; count < CACHE_MOVE; count++)
                free_locked(numbers[count], 0);
            count = CACHE_MAX - CACHE_MOVE;
            memmove(numbers, numbers + CACHE_MOVE, count * sizeof(*numbers));
        }
    }
    numbers[count++] = (uint32_t)number;
    __atomic_store_n(&caches[cpu].count, count, __ATOMIC_RELEASE);
    cpu_irq_restore(on);
}

/* The head of the block is then FRAME_USED, with its order and one reference,
 * and its memory allowed (mm/kasan.h). Who else is using the lists just now? In
 * step 4, single frames come from take_cached and all others from
 * take_or_collect_locked; until then, all from take_locked. */
void *
frame_alloc(unsigned order)
{
    uint32_t number;
    if (order == 0) {
        number = take_cached();
    } else {
        spin_guard(&frame_lock);
        number = take_or_collect_locked(order);
    }
    if (number == NOBODY)
        return NULL;
    frames[number] =
        (struct frame){.refs = 1, .kind = FRAME_USED, .order = (uint8_t)order};
    void *block = frame_address(number);
    kasan_allow(block, PAGE_SIZE << order);
    return block;
}

void *
frame_alloc_zeroed(unsigned order)
{
    void *block = frame_alloc(order);
    if (block)
        memset(block, 0, PAGE_SIZE << order);
    return block;
}

/* First asserts what the contract says: a block of frame_alloc, whole, with its
 * last reference. Then its memory is forbidden (mm/kasan.h), and under SAN
 * filled with junk before. In step 4, single frames go to put_cached. */
void
frame_free(void *block, unsigned order)
{
    uint64_t number = frame_number(block);
    struct frame *frame = &frames[number];
    assert((uint64_t)block % PAGE_SIZE == 0);
    assert_eq(frame->kind, FRAME_USED);
    assert_eq(frame->order, order);
    assert_eq(frame_refs(block), 1);
#ifdef SAN
    kasan_allow(block, PAGE_SIZE << order); /* what kmalloc has forbidden */
    memset(block, 0xdb, PAGE_SIZE << order);
#endif
    kasan_forbid(block, PAGE_SIZE << order);
    frame->kind = FRAME_TAIL;
    if (order == 0) {
        put_cached(number);
    } else {
        spin_guard(&frame_lock);
        free_locked(number, order);
    }
}

/* Several harts may count at once, and no lock is held. */
void
frame_ref(void *frame)
{
    __atomic_fetch_add(&frames[frame_number(frame)].refs, 1, __ATOMIC_RELAXED);
}

/* Whoever drops the last reference frees the frame; who sees that it was the
 * last? frame_free asserts that there is one. */
void
frame_unref(void *frame)
{
    if (!frame_unref_shared(frame))
        frame_free(frame, 0);
}

/* Between the look and the change the count may have become another. */
bool
frame_unref_shared(void *frame)
{
    uint32_t *refs = &frames[frame_number(frame)].refs;
    uint32_t n = __atomic_load_n(refs, __ATOMIC_ACQUIRE);
    while (n > 1)
        if (__atomic_compare_exchange_n(refs, &n, n - 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

unsigned
frame_refs(const void *frame)
{
    return __atomic_load_n(&frames[frame_number(frame)].refs, __ATOMIC_ACQUIRE);
}

void
frame_mark_slab(void *block, unsigned order, bool is_slab)
{
    uint64_t number = frame_number(block);
    frames[number].kind = is_slab ? FRAME_SLAB : FRAME_USED;
    for (unsigned i = 1; i < 1u << order; i++) {
        frames[number + i].kind = is_slab ? FRAME_SLAB : FRAME_TAIL;
        frames[number + i].head = (uint16_t)i;
    }
}

/* frame_mark_slab has left in each frame of a slab how far its head is; other
 * blocks are found by their head alone, and for any other address this asserts.
 */
void *
frame_find_block(const void *address, unsigned *order, bool *is_slab)
{
    uint64_t number = frame_number(address);
    *is_slab = frames[number].kind == FRAME_SLAB;
    if (*is_slab)
        number -= frames[number].head;
    assert(*is_slab || frames[number].kind == FRAME_USED);
    *order = frames[number].order;
    return frame_address(number);
}

size_t
frame_count_free(void)
{
    size_t sum = READ_ONCE(free_count);
    for (unsigned i = 0; i < cpu_count(); i++)
        sum += READ_ONCE(caches[i].count);
    return sum;
}

size_t
frame_count_total(void)
{
    return total_count;
}
