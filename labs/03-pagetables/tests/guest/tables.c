/* Page tables, in scripts of one-letter operations; each puts its results into
 * the answer. tests/_tables.py writes the scripts and reads the answers. */
#include "pool.h"
#include "mm/pagetable.h"

// WRAP: panic
// WRAP: frame_alloc
// WRAP: frame_alloc_zeroed
// WRAP: frame_free
// WRAP: frame_unref

GRADE_ENTRY(GRADE_AT_KMAIN);

static uint64_t *root;
static unsigned reachable; /* frames that went while an entry led there */

static bool
leads_elsewhere(unsigned level UNUSED, uint64_t va UNUSED, uint64_t *entry,
                void *arg)
{
    return !(*entry & PTE_V) || pte_address(*entry) != *(uint64_t *)arg;
}

static void
look_who_leads(uint64_t pa)
{
    reachable += !each_entry(root, PT_LEVELS - 1, 0, leads_elsewhere, &pa);
}

/* w: the entry that pt_walk finds: where it is, 0 for NULL */
static void
op_walk(struct grade *g)
{
    uint64_t va = grade_u64(g);
    unsigned level = grade_u32(g);
    const uint64_t *entry = pt_walk(root, va, level, grade_u8(g));
    grade_put_u64(g, entry ? virt_to_phys(entry) : 0);
}

/* m: maps; whether that panicked, and what came of it */
static NOINLINE void
op_map(struct grade *g)
{
    uint64_t va = grade_u64(g), pa = grade_u64(g), size = grade_u64(g);
    uint64_t flags = grade_u64(g);
    if (__builtin_setjmp(out) == 0) {
        armed = true;
        int error = pt_map(root, va, pa, size, flags);
        armed = false;
        grade_put_u8(g, 0);
        grade_put_u32(g, (uint32_t)error);
    } else {
        armed = false;
        grade_put_u8(g, 1);
        grade_put_u32(g, 0);
    }
}

/* e: puts something into the entry for va; a page of the test's own if the
 * value has no address. Where the entry is, and what it then holds. */
static void
op_enter(struct grade *g)
{
    uint64_t va = grade_u64(g);
    unsigned level = grade_u32(g);
    uint64_t value = grade_u64(g);
    uint64_t *entry = entry_of(root, va, level);
    if (value != 0 && pte_address(value) == 0)
        value |= pte_make(virt_to_phys(own_frame()), 0);
    *entry = value;
    grade_put_u64(g, virt_to_phys(entry));
    grade_put_u64(g, value);
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'w':
        op_walk(g);
        break;
    case 'm':
        op_map(g);
        break;
    case 'e':
        op_enter(g);
        break;
    case 'f':
        pool.freeing = look_who_leads;
        pt_free_user_tables(root);
        pool.freeing = NULL;
        break;
    case 'l': /* how many frames more there are */
        pool.left = grade_u32(g);
        break;
    case 'd':
        put_entries(g, root);
        break;
    case 'c': /* frames in use, bad frees, frames that went too early */
        grade_put_u32(g, pool.used);
        grade_put_u32(g, pool.wrong);
        grade_put_u32(g, reachable);
        break;
    }
}

static void
script(struct grade *g)
{
    start_pool(g);
    root = own_frame();
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
}

GRADE_CASES({"script", script});
