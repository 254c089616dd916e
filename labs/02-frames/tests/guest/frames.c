/* Frames, in scripts of one-letter operations; each puts its results into the
 * answer. tests/_memory.py writes the scripts and reads the answers. */
#include "memory.h"

GRADE_ENTRY(GRADE_AT_KMAIN);

#define SLOTS 1024u

/* Blocks of scripts, and those of 'x', all of one order. */
static struct {
    char *at;
    unsigned order;
} blocks[SLOTS];

static struct {
    unsigned count, order;
    uint16_t frame[WINDOW_FRAMES]; /* of the window; or NONE */
} taken;

#define NONE UINT16_MAX

/* ---- What is in a block shows whose it is ---- */

static uint64_t
word_of(const void *page)
{
    return (uint64_t)page * 0x9e3779b97f4a7c15ul;
}

static void
fill(char *block, unsigned order)
{
    for (char *page = block; page < block + (PAGE_SIZE << order);
         page += PAGE_SIZE)
        for (unsigned i = 0; i < PAGE_SIZE; i += 1016)
            *(uint64_t *)(page + i) = word_of(block) + i;
}

static bool
is_full(const char *block, unsigned order)
{
    for (const char *page = block; page < block + (PAGE_SIZE << order);
         page += PAGE_SIZE)
        for (unsigned i = 0; i < PAGE_SIZE; i += 1016)
            if (*(const uint64_t *)(page + i) != word_of(block) + i)
                return false;
    return true;
}

/* Is a whole block of the window, aligned? */
static bool
is_block(const char *block, unsigned order)
{
    uint64_t va = (uint64_t)block, pa = va - DIRECT_BASE;
    return va >= DIRECT_BASE && pa % (PAGE_SIZE << order) == 0 &&
           pa >= WINDOW_BASE &&
           pa + (PAGE_SIZE << order) <= WINDOW_BASE + WINDOW_FRAMES * PAGE_SIZE;
}

/* ---- Operations ---- */

/* a: slot, order; the physical address, 0 for NULL */
static void
op_alloc(struct grade *g)
{
    unsigned slot = grade_u32(g), order = grade_u32(g);
    char *block = frame_alloc(order);
    blocks[slot].at = block;
    blocks[slot].order = order;
    if (is_block(block, order))
        fill(block, order);
    grade_put_u64(g, block == NULL ? 0 : virt_to_phys(block));
}

/* f: slot, order; whether what was in it still is */
static void
op_free(struct grade *g)
{
    unsigned slot = grade_u32(g), order = grade_u32(g);
    grade_put_u8(g, is_full(blocks[slot].at, blocks[slot].order));
    frame_free(blocks[slot].at, order);
}

static void
op_counts(struct grade *g)
{
    grade_put_u64(g, frame_count_free());
    grade_put_u64(g, frame_count_total());
}

/* x: order; takes all blocks there are: how many, how many of them are no
 * blocks, how many frames came twice, and a bit for each frame that came */
static void
op_take_all(struct grade *g)
{
    static uint8_t came[WINDOW_FRAMES / 8];
    unsigned wrong = 0, twice = 0;
    char *block;
    memset(came, 0, sizeof(came));
    taken.count = 0;
    taken.order = grade_u32(g);
    while (taken.count < WINDOW_FRAMES &&
           (block = frame_alloc(taken.order)) != NULL) {
        if (!is_block(block, taken.order)) {
            taken.frame[taken.count++] = NONE;
            wrong++;
            continue;
        }
        uint64_t first = (virt_to_phys(block) - WINDOW_BASE) >> PAGE_SHIFT;
        taken.frame[taken.count++] = (uint16_t)first;
        for (uint64_t i = first; i < first + (1u << taken.order); i++) {
            twice += came[i / 8] >> i % 8 & 1;
            came[i / 8] |= (uint8_t)(1u << i % 8);
        }
        fill(block, taken.order);
    }
    grade_put_u32(g, taken.count);
    grade_put_u32(g, wrong);
    grade_put_u32(g, twice);
    grade_put_bytes(g, came, sizeof(came));
}

/* y: step, mask, value; frees of what 'x' took the blocks whose frame number,
 * masked, is the value, in steps through all of them: how many, and how many
 * did not hold any more what was put there */
static void
op_free_all(struct grade *g)
{
    unsigned step = grade_u32(g), mask = grade_u32(g), value = grade_u32(g);
    unsigned freed = 0, damaged = 0;
    for (unsigned n = 0; n < taken.count; n++) {
        unsigned i = (unsigned)((uint64_t)n * step % taken.count);
        unsigned frame = taken.frame[i];
        if (frame == NONE || (frame & mask) != value)
            continue;
        char *block = phys_to_virt(WINDOW_BASE + frame * PAGE_SIZE);
        damaged += !is_full(block, taken.order);
        frame_free(block, taken.order);
        taken.frame[i] = NONE;
        freed++;
    }
    grade_put_u32(g, freed);
    grade_put_u32(g, damaged);
}

/* r, u, s, n: slot; a reference more, one fewer, one fewer if it is not the
 * last, and how many there are */
static void
op_refs(struct grade *g, char what)
{
    char *frame = blocks[grade_u32(g)].at;
    if (what == 'r')
        frame_ref(frame);
    else if (what == 'u')
        frame_unref(frame);
    else if (what == 's')
        grade_put_u8(g, frame_unref_shared(frame));
    else
        grade_put_u32(g, frame_refs(frame));
}

/* m: slot, whether it is a slab's */
static void
op_mark(struct grade *g)
{
    unsigned slot = grade_u32(g);
    frame_mark_slab(blocks[slot].at, blocks[slot].order, grade_u8(g) != 0);
}

/* b: slot, offset; start of the block found, its order and mark */
static void
op_find(struct grade *g)
{
    unsigned slot = grade_u32(g), order = 99;
    bool is_slab = false;
    char *start =
        frame_find_block(blocks[slot].at + grade_u32(g), &order, &is_slab);
    grade_put_u64(g, virt_to_phys(start));
    grade_put_u32(g, order);
    grade_put_u8(g, is_slab);
}

/* h: the hart that all goes on as, as far as this_cpu() tells */
static void
op_hart(struct grade *g)
{
    unsigned i = grade_u32(g);
    while (cpu_count() <= i)
        assert(cpu_add(1000 + cpu_count()) != NULL);
    boot_thread.cpu = cpu_get(i);
}

/* I: turns interrupts on (none is enabled); i: whether they are on */
static void
op_interrupts_are_on(struct grade *g)
{
    bool on = cpu_irq_save();
    cpu_irq_restore(on);
    grade_put_u8(g, on);
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'a':
        op_alloc(g);
        break;
    case 'f':
        op_free(g);
        break;
    case 'c':
        op_counts(g);
        break;
    case 'x':
        op_take_all(g);
        break;
    case 'y':
        op_free_all(g);
        break;
    case 'r':
    case 'u':
    case 's':
    case 'n':
        op_refs(g, op);
        break;
    case 'm':
        op_mark(g);
        break;
    case 'b':
        op_find(g);
        break;
    case 'h':
        op_hart(g);
        break;
    case 'L':
    case 'U':
        hold_last_lock(op == 'L');
        break;
    case 'I':
        csr_write(sie, 0);
        cpu_irq_enable();
        break;
    case 'i':
        op_interrupts_are_on(g);
        break;
    }
}

static void
script(struct grade *g)
{
    start_frames(g);
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
    (void)cpu_irq_save();
}

GRADE_CASES({"script", script});
