/* The kernel's own page table, in scripts as those of tables.c. */
#include "pool.h"
#include "arch/sbi.h"
#include "mm/kmap.h"
#include "mm/memmap.h"

// WRAP: panic
// WRAP: frame_alloc
// WRAP: frame_alloc_zeroed
// WRAP: frame_free
// WRAP: frame_unref
// WRAP: sbi_remote_sfence

GRADE_ENTRY(GRADE_AT_KMAIN);

#define STACKS 64u
#define TOLD   64u

static void *stacks[STACKS];
static struct told {
    uint64_t hartid, va, size, asid;
} told[TOLD];
static unsigned ntold;

void __wrap_sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                              uint64_t asid);

void
__wrap_sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                         uint64_t asid)
{
    if (ntold < TOLD)
        told[ntold++] = (struct told){hartid, va, size, asid};
}

static unsigned
read_ranges(struct grade *g, struct fdt_range *ranges)
{
    unsigned n = grade_u32(g);
    for (unsigned i = 0; i < n; i++) {
        ranges[i].base = grade_u64(g);
        ranges[i].size = grade_u64(g);
    }
    return n;
}

/* i: ranges of RAM, reserved ones, which of them are not to be mapped */
static void
op_init(struct grade *g)
{
    static struct memmap map;
    memset(&map, 0, sizeof(map));
    map.nram = read_ranges(g, map.ram);
    map.nreserved = read_ranges(g, map.reserved);
    for (unsigned i = 0; i < map.nreserved; i++)
        map.no_map[i] = grade_u8(g);
    kmap_init(&map);
    grade_put_u64(g, csr_read(satp));
    grade_put_u64(g, boot_satp);
    grade_put_u64(g, virt_to_phys(kmap_root()));
}

/* y: where the image's parts are, and where all of it is */
static void
op_symbols(struct grade *g)
{
    const char *const parts[] = {_text, _etext, _rodata,         _erodata,
                                 _data, _end,   boot_stack_guard};
    for (unsigned i = 0; i < ARRAY_LEN(parts); i++)
        grade_put_u64(g, (uint64_t)parts[i]);
    grade_put_u64(g, virt_to_phys(_text));
}

/* D: maps registers; where. R: reads 32 bits of them there. */
static void
op_device(struct grade *g, char op)
{
    uint64_t pa = grade_u64(g), size = grade_u64(g);
    volatile uint32_t *at = kmap_device(pa, size);
    grade_put_u64(g, (uint64_t)at);
    if (op == 'R')
        grade_put_u32(g, at ? *at : 0);
}

/* k: a new stack; its top */
static void
op_stack(struct grade *g)
{
    unsigned slot = grade_u32(g) % STACKS;
    stacks[slot] = kmap_stack_alloc();
    grade_put_u64(g, (uint64_t)stacks[slot]);
}

/* u: writes to all of some stacks, then reads; the sum of all words */
static void
op_use(struct grade *g)
{
    unsigned n = grade_u32(g);
    uint64_t key = grade_u64(g), sum = 0;
    for (unsigned i = 0; i < n; i++)
        for (uint64_t word = 1; word <= KSTACK_SIZE / 8; word++)
            ((uint64_t *)stacks[i])[-(int64_t)word] = key * (i + word);
    for (unsigned i = 0; i < n; i++)
        for (uint64_t word = 1; word <= KSTACK_SIZE / 8; word++)
            sum += ((uint64_t *)stacks[i])[-(int64_t)word] * word;
    grade_put_u64(g, sum);
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'i':
        op_init(g);
        break;
    case 'y':
        op_symbols(g);
        break;
    case 'D':
    case 'R':
        op_device(g, op);
        break;
    case 'k':
        op_stack(g);
        break;
    case 'K':
        kmap_stack_free(stacks[grade_u32(g) % STACKS]);
        break;
    case 'u':
        op_use(g);
        break;
    case 'l':
        pool.left = grade_u32(g);
        break;
    case 'd': /* the table in use */
        put_entries(g, phys_to_virt((csr_read(satp) & ((1ul << 44) - 1))
                                    << PAGE_SHIFT));
        break;
    case 'c':
        grade_put_u32(g, pool.used);
        break;
    case 't': /* who was told since the last time */
        grade_put_bytes(g, told, ntold * sizeof(told[0]));
        ntold = 0;
        break;
    }
}

static void
script(struct grade *g)
{
    start_pool(g);
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
}

GRADE_CASES({"script", script});
