/* Frames that the test gives out, and looks after: the kernel's own allocator
 * has not begun. One program's own copy.
 *
 * A program that includes this has lines WRAP for each __wrap_ function here.
 */
#pragma once

#include "anew.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "arch/tlb.h"
#include "mm/frame.h"

/* Physical memory in the smallest machine that a seed draws. */
#define POOL_BASE   0x82000000ul
#define POOL_FRAMES 4096u
#define JUNK        0xa5a5a5a5a5a5a5a5ul

static struct {
    uint8_t refs[POOL_FRAMES];
    unsigned next, left, used;
    unsigned wrong;               /* frees of what is not, or not alone, held */
    void (*freeing)(uint64_t pa); /* called before a frame goes; or NULL */
} pool;

void *__wrap_frame_alloc(unsigned order);
void *__wrap_frame_alloc_zeroed(unsigned order);
void __wrap_frame_free(void *block, unsigned order);
void __wrap_frame_unref(void *frame);

static void
fill(uint64_t *page, uint64_t word)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        page[i] = word;
}

/* A frame that was not given out before, as long as there are such: who uses
 * one that is free finds junk. */
void *
__wrap_frame_alloc(unsigned order)
{
    if (order != 0 || pool.left == 0 || pool.next == POOL_FRAMES)
        return NULL;
    pool.left--;
    pool.used++;
    pool.refs[pool.next] = 1;
    uint64_t *page = phys_to_virt(POOL_BASE + pool.next++ * PAGE_SIZE);
    fill(page, JUNK);
    return page;
}

void *
__wrap_frame_alloc_zeroed(unsigned order)
{
    uint64_t *page = __wrap_frame_alloc(order);
    if (page)
        fill(page, 0);
    return page;
}

static uint8_t *
refs_of(const void *frame)
{
    uint64_t pa = (uint64_t)frame - DIRECT_BASE;
    if (pa % PAGE_SIZE != 0 || pa < POOL_BASE ||
        pa >= POOL_BASE + POOL_FRAMES * PAGE_SIZE)
        return NULL;
    return &pool.refs[(pa - POOL_BASE) / PAGE_SIZE];
}

static void
drop(void *frame, bool last)
{
    uint8_t *refs = refs_of(frame);
    if (!refs || *refs == 0 || (last && *refs != 1)) {
        pool.wrong++;
        return;
    }
    if (--*refs > 0)
        return;
    pool.used--;
    if (pool.freeing)
        pool.freeing(virt_to_phys(frame));
    fill(frame, JUNK);
}

void
__wrap_frame_free(void *block, unsigned order)
{
    if (order != 0)
        pool.wrong++;
    else
        drop(block, true);
}

void
__wrap_frame_unref(void *frame)
{
    drop(frame, false);
}

/* A frame with a reference that the tables under test are to take over. */
static void *
own_frame(void)
{
    unsigned left = pool.left;
    pool.left = UINT32_MAX;
    void *frame = __wrap_frame_alloc(0);
    pool.left = left;
    assert(frame != NULL);
    fill(frame, 0);
    return frame;
}

/* ---- Where a panic leads that the question is about ---- */

static void *out[5];
static bool armed;

NORETURN void __wrap_panic(const char *format, ...);
NORETURN void __real_panic(const char *format, ...);

void
__wrap_panic(const char *format, ...)
{
    if (armed)
        __builtin_longjmp(out, 1);
    __real_panic("%s", format);
}

/* ---- Tables, by the test's own hand ---- */

static uint64_t *
table_at(uint64_t pte)
{
    return phys_to_virt(pte_address(pte));
}

/* Is its target one that can be read? */
static bool
is_table(uint64_t pte)
{
    return pte & PTE_V && !pte_is_leaf(pte) && pte_address(pte) >= 0x80000000 &&
           pte_address(pte) < POOL_BASE + POOL_FRAMES * PAGE_SIZE;
}

/* The entry for va at a level, with the tables above made as needed. */
static inline uint64_t *
entry_of(uint64_t *root, uint64_t va, unsigned level)
{
    uint64_t *table = root;
    for (unsigned l = PT_LEVELS - 1; l > level; l--) {
        uint64_t *entry = &table[pte_index(va, l)];
        if (!is_table(*entry))
            *entry = pte_make(virt_to_phys(own_frame()), PTE_V);
        table = table_at(*entry);
    }
    return &table[pte_index(va, level)];
}

/* What is found from a root on; false from visit ends it. */
static inline bool
each_entry(uint64_t *table, unsigned level, uint64_t base,
           bool (*visit)(unsigned level, uint64_t va, uint64_t *entry,
                         void *arg),
           void *arg)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        uint64_t va = base + i * pte_span(level);
        if (va >> 38 & 1)
            va |= ~0ul << 39;
        if (table[i] == 0)
            continue;
        if (!visit(level, va, &table[i], arg))
            return false;
        if (level > 0 && is_table(table[i]) &&
            !each_entry(table_at(table[i]), level - 1, va, visit, arg))
            return false;
    }
    return true;
}

#define DUMP_MAX 9000u

static inline bool
dump_one(unsigned level, uint64_t va, uint64_t *entry, void *arg)
{
    static uint64_t dumped[3 * DUMP_MAX];
    uint64_t *n = arg;
    if (entry == NULL) {
        *n = (uint64_t)dumped;
        return false;
    }
    if (*n + 3 > 3 * DUMP_MAX)
        return false;
    dumped[(*n)++] = va | level;
    dumped[(*n)++] = *entry;
    dumped[(*n)++] = virt_to_phys(entry);
    return true;
}

/* Puts all entries that are not 0: level and address, content, and where. */
static inline void
put_entries(struct grade *g, uint64_t *root)
{
    uint64_t n = 0, at;
    each_entry(root, PT_LEVELS - 1, 0, dump_one, &n);
    dump_one(0, 0, NULL, &at);
    grade_put_bytes(g, (void *)at, n * sizeof(uint64_t));
}

/* ---- A new question ---- */

static uint64_t boot_root_satp;

/* Back to the page table of the boot, and everything as it was then. */
static void
start_pool(const struct grade *g)
{
    if (boot_root_satp == 0)
        boot_root_satp = csr_read(satp);
    csr_write(satp, boot_root_satp);
    tlb_flush_all();
    begin_anew(g, POOL_BASE);
    memset(&pool, 0, sizeof(pool));
    pool.left = UINT32_MAX;
    armed = false;
}
