/* Free blocks of each order are the members of a set: a tree of 64-bit words,
 * whose lowest level has a bit for each block, and each higher one a bit for
 * each word below that is not 0. */
#include "mm/frame.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/kasan.h"
#include "sync/spinlock.h"

#define NOBODY UINT32_MAX

/* ---- Sets of numbers ---- */

#define WORD_BITS  64u
#define LEVELS_MAX 5 /* 2^30 members */

struct set {
    size_t limit; /* of the members */
    unsigned levels;
    uint64_t *words[LEVELS_MAX];
};

static size_t
words_for(size_t bits)
{
    return (bits + WORD_BITS - 1) / WORD_BITS;
}

/* Lays an empty set of numbers below limit out in the words from `at` on, which
 * are zero. Returns the first word behind it. */
static uint64_t *
set_lay_out(struct set *set, size_t limit, uint64_t *at)
{
    set->limit = limit;
    set->levels = 0;
    do {
        assert(set->levels < LEVELS_MAX);
        set->words[set->levels++] = at;
        limit = words_for(limit);
        at += limit;
    } while (limit > 1);
    return at;
}

/* Words that a set takes. */
static size_t
set_size(size_t limit)
{
    size_t sum = 0;
    do {
        limit = words_for(limit);
        sum += limit;
    } while (limit > 1);
    return sum;
}

static bool
set_has(const struct set *set, size_t member)
{
    return member < set->limit &&
           (set->words[0][member / WORD_BITS] >> member % WORD_BITS & 1) != 0;
}

static void
set_insert(struct set *set, size_t member)
{
    for (unsigned i = 0; i < set->levels; i++, member /= WORD_BITS)
        set->words[i][member / WORD_BITS] |= 1ul << member % WORD_BITS;
}

static void
set_remove(struct set *set, size_t member)
{
    for (unsigned i = 0; i < set->levels; i++, member /= WORD_BITS) {
        uint64_t *word = &set->words[i][member / WORD_BITS];
        *word &= ~(1ul << member % WORD_BITS);
        if (*word != 0)
            return; /* the levels above know no more than that */
    }
}

/* The smallest member; NOBODY: there is none. */
static uint32_t
set_first(const struct set *set)
{
    size_t at = 0;
    for (unsigned i = set->levels; i-- > 0;) {
        uint64_t word = set->words[i][at];
        if (word == 0)
            return NOBODY;
        at = at * WORD_BITS + bit_count_trailing_zeros64(word);
    }
    return (uint32_t)at;
}

/* ---- Frames ---- */

enum frame_kind {
    FRAME_OTHER = 0, /* free, in a block but not its head, or not ours */
    FRAME_USED,      /* head of an allocated block */
    FRAME_SLAB,      /* in a block of the slab allocator */
};

struct frame {
    uint32_t refs; /* atomic; used head */
    uint16_t head; /* slab: frames back to the head */
    uint8_t kind;
    uint8_t order; /* of the block whose head it is */
};

/* Free frames that a hart keeps for itself. Most blocks are of one frame, and
 * so need no lock. */
#define CACHE_MAX  32u
#define CACHE_MOVE 16u /* come from the free blocks, or go there, at once */

/* A ring, from whose end the hart takes, with interrupts off. Every change of a
 * slot is an exchange: whoever gets a number out of it has the frame, be it the
 * hart or another that is short of frames; and none is ever overwritten. */
static struct {
    uint32_t slots[CACHE_MAX]; /* atomic; NOBODY: empty */
    uint32_t end;              /* private to the hart: slot behind the last */
} caches[CPU_MAX];

static struct spinlock frame_lock = SPINLOCK_INIT("frame", RANK_FRAME);

/* guarded by frame_lock */
static struct set free_sets[FRAME_MAX_ORDER + 1]; /* of block numbers */
static size_t free_count;

/* constant after frame_init */
static struct frame *frames; /* one for each frame from first_pfn on */
static uint64_t first_pfn, end_pfn;
static uint64_t base_pfn; /* first_pfn, down to the largest alignment */
static size_t total_count;

/* Frames are numbered from base_pfn on: so block number `n` of order k begins
 * at frame n << k, and n ^ 1 is its buddy, at every order. */
static uint32_t
frame_number(const void *kva)
{
    uint64_t pfn = virt_to_phys(kva) >> PAGE_SHIFT;
    assert(pfn >= first_pfn && pfn < end_pfn);
    return (uint32_t)(pfn - base_pfn);
}

static void *
frame_address(uint64_t number)
{
    return phys_to_virt((number + base_pfn) << PAGE_SHIFT);
}

static struct frame *
frame_entry(uint64_t number)
{
    return &frames[number + base_pfn - first_pfn];
}

/* Makes a block free, merged with its buddy as often as that is free, too. What
 * is beyond the ends of RAM is in no set. */
static void
free_locked(uint64_t number, unsigned order)
{
    uint64_t block = number >> order;
    free_count += 1ul << order;
    while (order < FRAME_MAX_ORDER && set_has(&free_sets[order], block ^ 1)) {
        set_remove(&free_sets[order], block ^ 1);
        block >>= 1;
        order++;
    }
    set_insert(&free_sets[order], block);
}

/* Hands frames [pfn, end) to the allocator, in blocks as large as alignment and
 * what is left allow. */
static void
add_range(uint64_t pfn, uint64_t end)
{
    while (pfn < end) {
        unsigned order =
            MIN(bit_count_trailing_zeros64(pfn), bit_log2_floor64(end - pfn));
        order = MIN(order, (unsigned)FRAME_MAX_ORDER);
        free_locked(pfn - base_pfn, order);
        total_count += 1ul << order;
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

/* Sets up an empty allocator in zeroed memory at `table`, which is as large as
 * table_size says. */
static void
lay_out(void *table)
{
    size_t limit = end_pfn - base_pfn;
    frames = table;
    uint64_t *words = (uint64_t *)(frames + (end_pfn - first_pfn));
    for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++)
        words = set_lay_out(&free_sets[order], (limit >> order) + 1, words);
    for (unsigned i = 0; i < CPU_MAX; i++)
        for (unsigned n = 0; n < CACHE_MAX; n++)
            caches[i].slots[n] = NOBODY;
}

static size_t
table_size(void)
{
    size_t limit = end_pfn - base_pfn;
    size_t bytes = (end_pfn - first_pfn) * sizeof(struct frame);
    for (unsigned order = 0; order <= FRAME_MAX_ORDER; order++)
        bytes += set_size((limit >> order) + 1) * sizeof(uint64_t);
    return ALIGN_UP(bytes, PAGE_SIZE);
}

void
frame_init(const struct memmap *map)
{
    const struct fdt_range *last = last_range(map);
    first_pfn = map->ram[0].base >> PAGE_SHIFT;
    base_pfn = ALIGN_DOWN(first_pfn, 1ul << FRAME_MAX_ORDER);
    uint64_t end = MIN(last->base + last->size, DIRECT_SIZE);
    end_pfn = end >> PAGE_SHIFT;
    size_t bytes = table_size();
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

    memset(phys_to_virt(table), 0, bytes);
    lay_out(phys_to_virt(table));
    for (uint64_t at = 0; memmap_next(map, false, end, &at, &stop); at = stop)
        add_range((at == table ? at + room : at) >> PAGE_SHIFT,
                  stop >> PAGE_SHIFT);
#ifdef SAN
    kasan_init(first_pfn << PAGE_SHIFT, end_pfn << PAGE_SHIFT,
               (char *)frames + bytes);
#endif
}

/* Takes a block of that order out of the smallest free one that is large
 * enough; of what is left, the upper half of each order stays free. NOBODY:
 * there is none. */
static uint32_t
take_locked(unsigned order) REQUIRES(frame_lock)
{
    uint32_t block = NOBODY;
    unsigned from = order;
    for (; from <= FRAME_MAX_ORDER; from++)
        if ((block = set_first(&free_sets[from])) != NOBODY)
            break;
    if (block == NOBODY)
        return NOBODY;
    set_remove(&free_sets[from], block);
    while (from > order) {
        from--;
        block *= 2;
        set_insert(&free_sets[from], block + 1);
    }
    free_count -= 1ul << order;
    return block << order;
}

/* ---- Each hart its own ---- */

static uint32_t
slot_exchange(unsigned hart, unsigned slot, uint32_t number)
{
    return __atomic_exchange_n(&caches[hart].slots[slot % CACHE_MAX], number,
                               __ATOMIC_ACQ_REL);
}

/* As take_locked; but if there is nothing, and only then, with what the harts
 * keep, one after the other. */
static uint32_t
take_or_collect_locked(unsigned order) REQUIRES(frame_lock)
{
    uint32_t number = take_locked(order);
    for (unsigned i = 0; number == NOBODY && i < cpu_count(); i++) {
        for (unsigned n = 0; n < CACHE_MAX; n++) {
            uint32_t kept = slot_exchange(i, n, NOBODY);
            if (kept != NOBODY)
                free_locked(kept, 0);
        }
        number = take_locked(order);
    }
    return number;
}

/* Puts a frame at the end of this hart's ring. Returns the one that was there
 * before: the oldest, if the ring is full, or else NOBODY. Interrupts off. */
static uint32_t
ring_push(uint32_t number)
{
    unsigned hart = this_cpu()->index;
    return slot_exchange(hart, caches[hart].end++, number);
}

/* Takes the last frame of this hart's ring. NOBODY: there is none. Interrupts
 * off. */
static uint32_t
ring_pop(void)
{
    unsigned hart = this_cpu()->index;
    uint32_t number = slot_exchange(hart, caches[hart].end - 1, NOBODY);
    if (number != NOBODY)
        caches[hart].end--;
    return number;
}

/* Takes a frame, and as many more for the ring. Interrupts off. */
static uint32_t
refill(void)
{
    spin_guard(&frame_lock);
    uint32_t number = take_or_collect_locked(0);
    for (unsigned i = 1; number != NOBODY && i < CACHE_MOVE; i++) {
        uint32_t more = take_locked(0);
        if (more == NOBODY)
            break;
        /* Somebody who collects leaves gaps, and perhaps frames behind them. */
        more = ring_push(more);
        if (more != NOBODY)
            free_locked(more, 0);
    }
    return number;
}

/* Takes a frame, mostly without frame_lock. NOBODY: there is none. */
static uint32_t
take_cached(void)
{
    /* A handler would find the ring half changed. */
    bool irq = cpu_irq_save();
    uint32_t number = ring_pop();
    if (number == NOBODY)
        number = refill();
    cpu_irq_restore(irq);
    return number;
}

/* Gives the oldest frames of this hart to all, `oldest` first, which is in the
 * ring no more. Interrupts off. */
static void
drain(uint32_t oldest)
{
    unsigned hart = this_cpu()->index;
    spin_guard(&frame_lock);
    free_locked(oldest, 0);
    for (unsigned i = 0; i < CACHE_MOVE - 1; i++) {
        uint32_t number = slot_exchange(hart, caches[hart].end + i, NOBODY);
        if (number != NOBODY)
            free_locked(number, 0);
    }
}

/* Keeps a free frame, mostly without frame_lock. */
static void
put_cached(uint32_t number)
{
    bool irq = cpu_irq_save();
    uint32_t oldest = ring_push(number);
    if (oldest != NOBODY)
        drain(oldest);
    cpu_irq_restore(irq);
}

/* ---- The interface ---- */

static uint32_t
take(unsigned order)
{
    if (order == 0)
        return take_cached();
    spin_guard(&frame_lock);
    return take_or_collect_locked(order);
}

void *
frame_alloc(unsigned order)
{
    uint32_t number = take(order);
    if (number == NOBODY)
        return NULL;
    *frame_entry(number) = (struct frame){
        .refs = 1,
        .kind = FRAME_USED,
        .order = (uint8_t)order,
    };
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

/* Frees a block to which nobody refers any more. */
static void
release(void *block, uint32_t number, unsigned order)
{
    size_t size = PAGE_SIZE << order;
    frame_entry(number)->kind = FRAME_OTHER;
#ifdef SAN
    kasan_allow(block, size); /* kmalloc has forbidden what it had no use for */
    memset(block, 0xdf, size);
#endif
    kasan_forbid(block, size);
    if (order == 0) {
        put_cached(number);
        return;
    }
    spin_guard(&frame_lock);
    free_locked(number, order);
}

void
frame_free(void *block, unsigned order)
{
    uint32_t number = frame_number(block);
    struct frame *frame = frame_entry(number);
    assert(block == frame_address(number));
    assert(frame->kind == FRAME_USED);
    assert_eq(frame->order, order);
    /* No other hart has a reference through which it could add one. */
    assert_eq(frame->refs, 1);
    frame->refs = 0;
    release(block, number, order);
}

void
frame_ref(void *frame)
{
    uint32_t *refs = &frame_entry(frame_number(frame))->refs;
    uint32_t before = __atomic_fetch_add(refs, 1, __ATOMIC_RELAXED);
    assert(before > 0);
}

void
frame_unref(void *frame)
{
    uint32_t number = frame_number(frame);
    struct frame *entry = frame_entry(number);
    /* What any owner wrote is there before the frame has its next one. */
    uint32_t before = __atomic_fetch_sub(&entry->refs, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before > 1)
        return;
    assert(entry->kind == FRAME_USED && entry->order == 0);
    release(frame, number, 0);
}

bool
frame_unref_shared(void *frame)
{
    uint32_t *refs = &frame_entry(frame_number(frame))->refs;
    uint32_t now = __atomic_load_n(refs, __ATOMIC_ACQUIRE);
    while (now > 1)
        if (__atomic_compare_exchange_n(refs, &now, now - 1, true,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

unsigned
frame_refs(const void *frame)
{
    return __atomic_load_n(&frame_entry(frame_number(frame))->refs,
                           __ATOMIC_ACQUIRE);
}

void
frame_mark_slab(void *block, unsigned order, bool is_slab)
{
    struct frame *head = frame_entry(frame_number(block));
    head->kind = is_slab ? FRAME_SLAB : FRAME_USED;
    for (unsigned i = 1; i < 1u << order; i++) {
        head[i].kind = is_slab ? FRAME_SLAB : FRAME_OTHER;
        head[i].head = (uint16_t)i;
    }
}

/* Of other blocks than slabs, the head alone knows whose it is. */
void *
frame_find_block(const void *address, unsigned *order, bool *is_slab)
{
    uint32_t number = frame_number(address);
    *is_slab = frame_entry(number)->kind == FRAME_SLAB;
    if (*is_slab)
        number -= frame_entry(number)->head;
    assert(*is_slab || frame_entry(number)->kind == FRAME_USED);
    *order = frame_entry(number)->order;
    return frame_address(number);
}

size_t
frame_count_free(void)
{
    size_t sum = READ_ONCE(free_count);
    for (unsigned i = 0; i < cpu_count(); i++)
        for (unsigned n = 0; n < CACHE_MAX; n++)
            sum += READ_ONCE(caches[i].slots[n]) != NOBODY;
    return sum;
}

size_t
frame_count_total(void)
{
    return total_count;
}
