#include "mm/frame.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/kasan.h"
#include "mm/payer.h"
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
    union {
        uint32_t prev;
        uint8_t payer; /* used head */
    };
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

/* Links a free block, first merging it with its buddy as often as that is
 * free and whole. Buddies are aligned by physical address. */
static void
free_locked(uint64_t number, unsigned order)
{
    free_count += 1ul << order;
    while (order < FRAME_MAX_ORDER) {
        uint64_t buddy_pfn = (number + first_pfn) ^ (1ul << order);
        if (buddy_pfn < first_pfn || buddy_pfn >= end_pfn)
            break;
        uint64_t buddy = buddy_pfn - first_pfn;
        if (frames[buddy].kind != FRAME_FREE || frames[buddy].order != order)
            break;
        unlink_free(buddy);
        frames[number].kind = FRAME_TAIL;
        number = MIN(number, buddy);
        order++;
    }
    link_free(number, order);
}

/* Hands frames [pfn, end) to the allocator in blocks as large as alignment
 * allows. */
static void
add_range(uint64_t pfn, uint64_t end)
{
    total_count += end - pfn;
    while (pfn < end) {
        unsigned order = FRAME_MAX_ORDER;
        while ((pfn & ((1ul << order) - 1)) != 0 || pfn + (1ul << order) > end)
            order--;
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

/* Takes a block off its list, or splits a larger one. NOBODY: there is none. */
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
    while (found > order) {
        found--;
        link_free(number + (1ul << found), found);
    }
    free_count -= 1ul << order;
    return number;
}

/* As take_locked; if there is nothing, with what the harts keep. */
static uint32_t
take_or_collect_locked(unsigned order) REQUIRES(frame_lock)
{
    uint32_t number = take_locked(order);
    for (unsigned cpu = 0; number == NOBODY && cpu < cpu_count(); cpu++) {
        uint32_t count =
            __atomic_exchange_n(&caches[cpu].count, 0, __ATOMIC_ACQUIRE);
        for (unsigned i = 0; i < count; i++)
            free_locked(caches[cpu].numbers[i], 0);
        number = take_locked(order);
    }
    return number;
}

/* Takes a frame from this hart's cache, or NOBODY. */
static uint32_t
take_cached(void)
{
    bool on = cpu_irq_save();
    unsigned cpu = this_cpu()->index;
    uint32_t number = NOBODY, count;
    count = __atomic_exchange_n(&caches[cpu].count, 0, __ATOMIC_ACQUIRE);
    if (unlikely(count == 0)) {
        spin_lock(&frame_lock);
        number = take_or_collect_locked(0);
        while (number != NOBODY) {
            caches[cpu].numbers[count++] = number;
            number = count < CACHE_MOVE ? take_locked(0) : NOBODY;
        }
        spin_unlock(&frame_lock);
    }
    if (likely(count > 0))
        number = caches[cpu].numbers[--count];
    __atomic_store_n(&caches[cpu].count, count, __ATOMIC_RELEASE);
    cpu_irq_restore(on);
    return number;
}

/* Puts a free frame into this hart's cache, whose oldest give way. */
static void
put_cached(uint64_t number)
{
    bool on = cpu_irq_save();
    unsigned cpu = this_cpu()->index;
    uint32_t count, *numbers = caches[cpu].numbers;
    count = __atomic_exchange_n(&caches[cpu].count, 0, __ATOMIC_ACQUIRE);
    if (unlikely(count == 0 || count == CACHE_MAX)) {
        uint32_t gone = count == 0 ? 0 : CACHE_MOVE;
        spin_lock(&frame_lock);
        for (unsigned i = 0; i < gone; i++)
            free_locked(numbers[i], 0);
        spin_unlock(&frame_lock);
        count -= gone;
        memmove(numbers, numbers + gone, count * sizeof(*numbers));
    }
    numbers[count++] = (uint32_t)number;
    __atomic_store_n(&caches[cpu].count, count, __ATOMIC_RELEASE);
    cpu_irq_restore(on);
}

void *
frame_alloc(unsigned order)
{
    uint32_t number;
    assert(order <= FRAME_MAX_ORDER);
    if (likely(order == 0)) {
        number = take_cached();
    } else {
        spin_lock(&frame_lock);
        number = take_or_collect_locked(order);
        spin_unlock(&frame_lock);
    }
    if (number == NOBODY)
        return NULL;
    frames[number] =
        (struct frame){.refs = 1, .kind = FRAME_USED, .order = (uint8_t)order};
    uint8_t payer = frames[number].payer = cpu_thread()->payer;
    __atomic_fetch_add(&payer_frames[payer], 1u << order, __ATOMIC_RELAXED);
    kasan_allow(frame_address(number), PAGE_SIZE << order);
    return frame_address(number);
}

void *
frame_alloc_zeroed(unsigned order)
{
    void *block = frame_alloc(order);
    if (block)
        memset(block, 0, PAGE_SIZE << order);
    return block;
}

void
frame_free(void *block, unsigned order)
{
    uint64_t number = frame_number(block);
    struct frame *frame = &frames[number];
    assert(frame->kind == FRAME_USED);
    assert_eq(frame->order, order);
    assert_eq(frame->refs, 1);
#ifdef SAN
    memset(block, 0xd5, PAGE_SIZE << order);
#endif
    kasan_forbid(block, PAGE_SIZE << order);
    __atomic_fetch_sub(&payer_frames[frame->payer], 1u << order,
                       __ATOMIC_RELAXED);
    frame->refs = 0;
    frame->kind = FRAME_TAIL;
    if (likely(order == 0)) {
        put_cached(number);
        return;
    }
    spin_lock(&frame_lock);
    free_locked(number, order);
    spin_unlock(&frame_lock);
}

void
frame_ref(void *frame)
{
    __atomic_fetch_add(&frames[frame_number(frame)].refs, 1, __ATOMIC_RELAXED);
}

void
frame_unref(void *frame)
{
    struct frame *f = &frames[frame_number(frame)];
    /* The last holder must see what the others wrote before. */
    if (__atomic_fetch_sub(&f->refs, 1, __ATOMIC_ACQ_REL) == 1) {
        f->refs = 1;
        frame_free(frame, 0);
    }
}

bool
frame_unref_shared(void *frame)
{
    struct frame *f = &frames[frame_number(frame)];
    uint32_t refs = frame_refs(frame);
    while (refs > 1)
        if (__atomic_compare_exchange_n(&f->refs, &refs, refs - 1, true,
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
