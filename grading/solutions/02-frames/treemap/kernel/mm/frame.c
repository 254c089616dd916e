/* One binary tree over all frames, of which each node knows which orders of
 * free blocks there are below it: a block is found by going down, and buddies
 * are the two children of one node, so there are no lists of free blocks.
 *
 * Each hart keeps a few free frames in slots, and whoever exchanges a slot for
 * NULL has the frame. */
#include "mm/frame.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/bits.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/kasan.h"
#include "sync/spinlock.h"

/* What a frame is, to who has but its address. */
enum frame_kind {
    FRAME_NO_HEAD = 0, /* not ours, free, or inside a block */
    FRAME_USED,        /* head of an allocated block */
    FRAME_SLAB,        /* in a block of the slab allocator */
};

struct frame {
    uint32_t refs; /* atomic; used head */
    uint16_t head; /* slab: frames back to the head */
    uint8_t kind;
    uint8_t order; /* of the block whose head it is */
};

#define TOP_SIZE (1ul << FRAME_MAX_ORDER)
#define JUNK     0xdb

static struct spinlock frame_lock = SPINLOCK_INIT("frame", RANK_FRAME);

/* guarded by frame_lock */
static size_t free_count;

/* Numbers of frames begin at first_pfn, where a largest block may begin: so
 * what is aligned by number is aligned in memory. Entries are there from
 * ram_pfn, the first frame of RAM, on.
 * constant after frame_init */
static struct frame *frames;
static uint64_t first_pfn, ram_pfn, end_pfn;
static size_t total_count;

static uint64_t
frame_number(const void *kva)
{
    uint64_t pfn = virt_to_phys(kva) >> PAGE_SHIFT;
    assert(pfn >= ram_pfn && pfn < end_pfn);
    return pfn - first_pfn;
}

static void *
frame_address(uint64_t number)
{
    return phys_to_virt((number + first_pfn) << PAGE_SHIFT);
}

static struct frame *
frame_at(uint64_t number)
{
    return &frames[number + first_pfn - ram_pfn];
}

/* ---- The tree of free blocks, guarded by frame_lock ---- */

/* Node 1 is the root, and 2 n and 2 n + 1 are the children of node n; the
 * leaves, from tree_width on, are the frames. Bit k of a node is set if a free
 * block of order k is at it or below. A block that is free as a whole is at the
 * node that covers it, and everything below is 0, as is all that is not free:
 * so a node that covers 2^k frames is a free block if and only if it is 1 << k.
 * Trees and not lists: a boot that touched each free block would make the host
 * of an emulator find memory for all of them. */
static uint16_t *tree;
static uint64_t tree_width; /* constant after frame_init; a power of two */

#define ROOT    1ul
#define NO_NODE 0ul

static uint64_t
node_of(uint64_t number, unsigned order)
{
    return (tree_width + number) >> order;
}

static uint64_t
number_of(uint64_t node, unsigned order)
{
    return (node << order) - tree_width;
}

static uint64_t
left_of(uint64_t node)
{
    return 2 * node;
}

static uint64_t
buddy_of(uint64_t node)
{
    return node ^ 1;
}

/* Tells the nodes above of a change, as far as it makes a difference. */
static void
tree_update_above(uint64_t node)
{
    while (node > ROOT) {
        uint16_t both = tree[node] | tree[buddy_of(node)];
        node /= 2;
        if (tree[node] == both)
            return;
        tree[node] = both;
    }
}

/* The smallest free block of at least that order; sets *order to what it has.
 * Of equals the one at the lowest address: what is taken stays together. */
static uint64_t
tree_find(unsigned *order)
{
    uint64_t orders = (uint64_t)tree[ROOT] >> *order << *order;
    if (orders == 0)
        return NO_NODE;
    *order = bit_count_trailing_zeros64(orders);
    uint64_t node = ROOT, first = node_of(0, *order);
    while (node < first) {
        node = left_of(node);
        if (!(tree[node] >> *order & 1))
            node = buddy_of(node);
    }
    return node;
}

/* Takes from a free block its first part, of a smaller order; what is not
 * needed stays free, one block of each order between them. */
static uint64_t
tree_split(uint64_t node, unsigned order, unsigned wanted)
{
    tree[node] = 0;
    while (order > wanted) {
        node = left_of(node);
        order--;
        tree[buddy_of(node)] = (uint16_t)(1u << order);
    }
    tree_update_above(node);
    return node;
}

/* Makes a block free, after merging it with its buddy as often as that is free
 * and whole. What has no memory is never free: there is no need to look where
 * RAM ends. */
static void
tree_merge(uint64_t node, unsigned order)
{
    while (order < FRAME_MAX_ORDER && tree[buddy_of(node)] == 1u << order) {
        tree[buddy_of(node)] = 0;
        node /= 2;
        tree[node] = 0;
        order++;
    }
    tree[node] = (uint16_t)(1u << order);
    tree_update_above(node);
}

static void
free_locked(void *block, unsigned order)
{
    uint64_t number = (virt_to_phys(block) >> PAGE_SHIFT) - first_pfn;
    tree_merge(node_of(number, order), order);
    free_count += 1ul << order;
}

/* Takes a block; NULL: there is none. */
static void *
take_locked(unsigned order) REQUIRES(frame_lock)
{
    unsigned found = order;
    uint64_t node = tree_find(&found);
    if (node == NO_NODE)
        return NULL;
    node = tree_split(node, found, order);
    free_count -= 1ul << order;
    return frame_address(number_of(node, order));
}

/* ---- What there is ---- */

/* The largest order of a block that begins at pfn and ends by `end`. */
static unsigned
largest_order(uint64_t pfn, uint64_t end)
{
    unsigned alignment = bit_count_trailing_zeros64(pfn);
    unsigned order = MIN(alignment, bit_log2_floor64(end - pfn));
    return MIN(order, (unsigned)FRAME_MAX_ORDER);
}

/* Hands frames [pfn, end) to the allocator. */
static void
add_range(uint64_t pfn, uint64_t end)
{
    total_count += end > pfn ? end - pfn : 0;
    while (pfn < end) {
        unsigned order = largest_order(pfn, end);
        free_locked(phys_to_virt(pfn << PAGE_SHIFT), order);
        pfn += 1ul << order;
    }
}

/* The table has an entry for each frame between the first and the last, holes
 * included: RAM so far off that the table would fill an eighth of what comes
 * before is left out. */
static const struct fdt_range *
last_range(const struct memmap *map)
{
    const size_t entry = sizeof(struct frame) + 4 * sizeof(*tree);
    uint64_t first = map->ram[0].base, bytes = map->ram[0].size;
    unsigned last = 0;
    while (last + 1 < map->nram) {
        const struct fdt_range *next = &map->ram[last + 1];
        uint64_t span = next->base + next->size - first;
        if (span / PAGE_SIZE * entry > bytes / 8)
            break;
        bytes += next->size;
        last++;
    }
    if (last + 1 < map->nram)
        pr_warn("RAM from %#lx on is too far away to be used",
                map->ram[last + 1].base);
    return &map->ram[last];
}

static void
set_extent(const struct memmap *map)
{
    const struct fdt_range *last = last_range(map);
    uint64_t end = MIN(last->base + last->size, DIRECT_SIZE);
    ram_pfn = map->ram[0].base >> PAGE_SHIFT;
    first_pfn = ALIGN_DOWN(ram_pfn, TOP_SIZE);
    end_pfn = end >> PAGE_SHIFT;
    uint64_t width = MAX(end_pfn - first_pfn, TOP_SIZE);
    tree_width = 1ul << bit_log2_ceil64(width);
}

/* Bytes of the tables; and of what else has to lie behind them. */
static size_t
frames_bytes(void)
{
    return ALIGN_UP((end_pfn - ram_pfn) * sizeof(*frames), 64);
}

static size_t
tables_bytes(void)
{
    return ALIGN_UP(frames_bytes() + 2 * tree_width * sizeof(*tree), PAGE_SIZE);
}

static size_t
shadow_bytes(void)
{
#ifdef SAN
    return (end_pfn - ram_pfn + 7) / 8 * PAGE_SIZE;
#else
    return 0;
#endif
}

/* The first place with so much room. */
static uint64_t
find_room(const struct memmap *map, size_t room)
{
    uint64_t limit = end_pfn << PAGE_SHIFT, at = 0, stop;
    for (; memmap_next(map, false, limit, &at, &stop); at = stop)
        if (stop - at >= room)
            return at;
    panic("no room in RAM for the table of %lu frames", end_pfn - ram_pfn);
}

static void
place_tables(uint64_t at)
{
    frames = phys_to_virt(at);
    tree = phys_to_virt(at + frames_bytes());
    memset(frames, 0, tables_bytes());
}

void
frame_init(const struct memmap *map)
{
    set_extent(map);
    size_t room = tables_bytes() + shadow_bytes();
    uint64_t table = find_room(map, room);
    place_tables(table);
    uint64_t limit = end_pfn << PAGE_SHIFT, at = 0, stop;
    for (; memmap_next(map, false, limit, &at, &stop); at = stop)
        add_range((at == table ? at + room : at) >> PAGE_SHIFT,
                  stop >> PAGE_SHIFT);
#ifdef SAN
    kasan_init(ram_pfn << PAGE_SHIFT, end_pfn << PAGE_SHIFT,
               (char *)frames + tables_bytes());
#endif
}

/* ---- What harts keep ---- */

#define SLOTS 32u /* a power of two */
#define MOVE  16u /* come from the free blocks, or go there, at once */

/* A ring: [oldest, newest) are the slots that the hart has filled, and only the
 * hart does, with interrupts off; the others are NULL. Anybody may empty a slot
 * by an exchange, so the hart may find NULL among its own, too. */
static struct ALIGNED(64) keep {
    void *slots[SLOTS]; /* atomic */
    /* private to the owner: the hart */
    unsigned oldest, newest;
} keeps[CPU_MAX];

static void *
slot_take(void **slot)
{
    /* Many are empty, and an exchange is dear. */
    return READ_ONCE(*slot) ? __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL)
                            : NULL;
}

static void *
keep_pop_newest(struct keep *keep)
{
    void *frame = NULL;
    while (!frame && keep->newest != keep->oldest)
        frame = slot_take(&keep->slots[--keep->newest % SLOTS]);
    return frame;
}

static void *
keep_pop_oldest(struct keep *keep)
{
    return slot_take(&keep->slots[keep->oldest++ % SLOTS]);
}

static bool
keep_is_full(const struct keep *keep)
{
    return keep->newest - keep->oldest == SLOTS;
}

static void
keep_push(struct keep *keep, void *frame)
{
    __atomic_store_n(&keep->slots[keep->newest++ % SLOTS], frame,
                     __ATOMIC_RELEASE);
}

/* Makes free blocks of all that a hart keeps. */
static void
collect_locked(struct keep *keep) REQUIRES(frame_lock)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        void *frame = slot_take(&keep->slots[i]);
        if (frame)
            free_locked(frame, 0);
    }
}

/* As take_locked; but if there is nothing, and only then, with what the harts
 * keep, one after the other. */
static void *
take_or_collect_locked(unsigned order) REQUIRES(frame_lock)
{
    void *block = take_locked(order);
    for (unsigned i = 0; !block && i < cpu_count(); i++) {
        collect_locked(&keeps[i]);
        block = take_locked(order);
    }
    return block;
}

static void *
take_block(unsigned order)
{
    spin_guard(&frame_lock);
    return take_or_collect_locked(order);
}

/* A frame, and some more that the hart keeps, which had none. */
static void *
refill(struct keep *keep)
{
    spin_guard(&frame_lock);
    void *first = take_or_collect_locked(0), *frame;
    for (unsigned i = 1; first && i < MOVE; i++)
        if ((frame = take_locked(0)))
            keep_push(keep, frame);
    return first;
}

static void
bring_oldest(struct keep *keep)
{
    spin_guard(&frame_lock);
    for (unsigned i = 0; i < MOVE; i++) {
        void *frame = keep_pop_oldest(keep);
        if (frame)
            free_locked(frame, 0);
    }
}

/* Handlers of interrupts allocate, too, on the same hart. */
static void *
take_cached(void)
{
    bool on = cpu_irq_save();
    struct keep *keep = &keeps[this_cpu()->index];
    void *frame = keep_pop_newest(keep);
    if (!frame)
        frame = refill(keep);
    cpu_irq_restore(on);
    return frame;
}

static void
put_cached(void *frame)
{
    bool on = cpu_irq_save();
    struct keep *keep = &keeps[this_cpu()->index];
    if (keep_is_full(keep))
        bring_oldest(keep);
    keep_push(keep, frame);
    cpu_irq_restore(on);
}

static size_t
count_kept(const struct keep *keep)
{
    size_t n = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        n += READ_ONCE(keep->slots[i]) != NULL;
    return n;
}

/* ---- Blocks ---- */

static void
begin_use(void *block, unsigned order)
{
    struct frame *head = frame_at(frame_number(block));
    *head = (struct frame){.refs = 1, .kind = FRAME_USED};
    head->order = (uint8_t)order;
    kasan_allow(block, PAGE_SIZE << order);
}

static void
end_use(void *block, unsigned order)
{
    struct frame *head = frame_at(frame_number(block));
    assert((uint64_t)block % PAGE_SIZE == 0);
    assert_eq(head->kind, FRAME_USED);
    assert_eq(head->order, order);
    assert_eq(__atomic_load_n(&head->refs, __ATOMIC_ACQUIRE), 1);
    head->kind = FRAME_NO_HEAD;
#ifdef SAN
    kasan_allow(block, PAGE_SIZE << order); /* also what no user of it was */
    memset(block, JUNK, PAGE_SIZE << order);
#endif
    kasan_forbid(block, PAGE_SIZE << order);
}

void *
frame_alloc(unsigned order)
{
    void *block = order == 0 ? take_cached() : take_block(order);
    if (block)
        begin_use(block, order);
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

void
frame_free(void *block, unsigned order)
{
    end_use(block, order);
    if (order == 0) {
        put_cached(block);
        return;
    }
    spin_guard(&frame_lock);
    free_locked(block, order);
}

/* ---- References ---- */

static uint32_t *
refs_of(const void *frame)
{
    return &frame_at(frame_number(frame))->refs;
}

void
frame_ref(void *frame)
{
    /* Who adds one has one: nothing need be seen before. */
    __atomic_fetch_add(refs_of(frame), 1, __ATOMIC_RELAXED);
}

/* All that others did with the frame is over when the last has dropped it. */
void
frame_unref(void *frame)
{
    uint32_t before = __atomic_fetch_sub(refs_of(frame), 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before > 1)
        return;
    __atomic_store_n(refs_of(frame), 1, __ATOMIC_RELAXED);
    frame_free(frame, 0);
}

bool
frame_unref_shared(void *frame)
{
    uint32_t *refs = refs_of(frame);
    uint32_t seen = __atomic_load_n(refs, __ATOMIC_RELAXED);
    while (seen > 1)
        if (__atomic_compare_exchange_n(refs, &seen, seen - 1, true,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return true;
    return false;
}

unsigned
frame_refs(const void *frame)
{
    return __atomic_load_n(refs_of(frame), __ATOMIC_ACQUIRE);
}

/* ---- Marks ---- */

/* Each frame of a slab says how far its head is. */
void
frame_mark_slab(void *block, unsigned order, bool is_slab)
{
    struct frame *head = frame_at(frame_number(block));
    head->kind = is_slab ? FRAME_SLAB : FRAME_USED;
    head->head = 0;
    for (unsigned i = 1; i < 1u << order; i++) {
        head[i].kind = is_slab ? FRAME_SLAB : FRAME_NO_HEAD;
        head[i].head = (uint16_t)i;
    }
}

/* Blocks that are no slab's are found by an address in their first frame. */
void *
frame_find_block(const void *address, unsigned *order, bool *is_slab)
{
    uint64_t number = frame_number(address);
    const struct frame *frame = frame_at(number);
    *is_slab = frame->kind == FRAME_SLAB;
    assert(*is_slab || frame->kind == FRAME_USED);
    uint64_t head = *is_slab ? number - frame->head : number;
    *order = frame_at(head)->order;
    return frame_address(head);
}

/* ---- Counts ---- */

size_t
frame_count_free(void)
{
    size_t sum = READ_ONCE(free_count);
    for (unsigned i = 0; i < cpu_count(); i++)
        sum += count_kept(&keeps[i]);
    return sum;
}

size_t
frame_count_total(void)
{
    return total_count;
}
