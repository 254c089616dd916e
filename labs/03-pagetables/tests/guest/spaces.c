/* Address spaces on a hart that has others beside it, which do nothing but be
 * there: what each would be doing is what the script says. Scripts are as those
 * of tables.c. Pages are the kernel's (no U), so that it can look through them.
 */
#include "pool.h"
#include "arch/sbi.h"
#include "arch/trap.h"
#include "mm/shootdown.h"

// WRAP: panic
// WRAP: frame_alloc
// WRAP: frame_alloc_zeroed
// WRAP: frame_free
// WRAP: frame_unref
// WRAP: sbi_remote_sfence
// WRAP: space_unref

GRADE_ENTRY(GRADE_AT_KMAIN);

#define SPACES 4u
#define OTHERS 3u
#define LOG    64u
#define WATCH  8u
#define NONE   255u

static struct space spaces[SPACES];

/* Where things are, for tests that step through what is done to them; the
 * distance of generations is that from space to space. */
struct {
    struct space *spaces;
    uint64_t *generations, distance;
    struct space **active, **other_active; /* this hart's, another's */
} grade_places;

/* What was seen at some moment: a hart was told, or a frame went. */
struct moment {
    uint64_t kind, hartid, va, size, asid;
    uint64_t generation; /* of the space that the operation is about */
    uint64_t valid;      /* entries of the pages watched that have V */
    uint64_t told;       /* harts told so far */
};
static struct moment moments[LOG];
static unsigned nmoments, told;

static struct space *subject;
static uint64_t *watched[WATCH];
static unsigned nwatched, dropped[SPACES];

static void
note(uint64_t kind, uint64_t hartid, uint64_t va, uint64_t size, uint64_t asid)
{
    uint64_t valid = 0;
    for (unsigned i = 0; i < nwatched; i++)
        valid += *watched[i] & PTE_V;
    if (nmoments < LOG)
        moments[nmoments++] = (struct moment){
            kind,  hartid, va, size, asid, subject ? subject->generation : 0,
            valid, told};
}

void __wrap_sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                              uint64_t asid);
void __wrap_space_unref(struct space *space);

void
__wrap_sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                         uint64_t asid)
{
    note('t', hartid, va, size, asid);
    told++;
}

void
__wrap_space_unref(struct space *space)
{
    dropped[space - spaces]++;
    space->refs--;
}

static void
note_frame(uint64_t pa)
{
    note('f', 0, pa, 0, 0);
}

static struct space *
nth_space(unsigned i)
{
    return i == NONE ? NULL : &spaces[i % SPACES];
}

static uint8_t
number_of(const struct space *space)
{
    return space ? (uint8_t)(space - spaces) : NONE;
}

/* n: a space with a number and a generation, and so many bytes in it */
static void
op_new(struct grade *g)
{
    struct space *s = nth_space(grade_u8(g));
    const uint64_t *mine =
        phys_to_virt((boot_root_satp & ((1ul << 44) - 1)) << PAGE_SHIFT);
    memset(s, 0, sizeof(*s));
    spin_init(&s->lock, "space", RANK_PAGETABLE);
    s->root = own_frame();
    memcpy(s->root + PT_ENTRIES / 2, mine + PT_ENTRIES / 2, PAGE_SIZE / 2);
    s->asid = grade_u64(g);
    s->generation = grade_u64(g);
    s->resident = grade_u64(g);
    s->peak = grade_u64(g);
    s->refs = s->users = 1;
}

/* e: a page of a space, with a word in it; `watch`: looked at in moments. If no
 * flags are given the entry has no V, but keeps the frame. */
static void
op_page(struct grade *g)
{
    struct space *s = nth_space(grade_u8(g));
    uint64_t *entry = entry_of(s->root, grade_u64(g), 0);
    uint64_t *page = own_frame();
    fill(page, grade_u64(g));
    *entry = pte_make(virt_to_phys(page), grade_u64(g));
    if (grade_u8(g) && nwatched < WATCH)
        watched[nwatched++] = entry;
    grade_put_u64(g, virt_to_phys(page));
}

/* h: what another hart does, or this one, 0: the space that is active there,
 * and the one it copies to or from */
static void
op_hart(struct grade *g)
{
    while (cpu_count() <= OTHERS)
        assert(cpu_add(1000 + 7 * cpu_count()) != NULL);
    struct cpu *cpu = cpu_get(grade_u8(g));
    cpu->active = nth_space(grade_u8(g));
    cpu->copying = nth_space(grade_u8(g));
}

/* k: what this hart knows of a number */
static void
op_known(struct grade *g)
{
    uint64_t asid = grade_u64(g);
    this_cpu()->known[asid] = grade_u64(g);
}

/* q: how things stand: this hart's spaces, satp, what it knows of the space's
 * number; the space's generation, references, and bytes */
static void
op_state(struct grade *g)
{
    const struct space *s = nth_space(grade_u8(g));
    uint64_t in_use = csr_read(satp);
    grade_put_u8(g, number_of(this_cpu()->active));
    grade_put_u8(g, number_of(this_cpu()->space));
    grade_put_u8(g, (in_use & ((1ul << 44) - 1)) ==
                        virt_to_phys(s->root) >> PAGE_SHIFT);
    grade_put_u32(g, (uint32_t)(in_use >> SATP_ASID_SHIFT & 0xffff));
    grade_put_u64(g, this_cpu()->known[s->asid]);
    grade_put_u64(g, s->generation);
    grade_put_u32(g, s->refs);
    grade_put_u32(g, dropped[number_of(s)]);
    grade_put_u64(g, s->resident);
    grade_put_u64(g, s->peak);
}

static void
op_range(struct grade *g, char op)
{
    struct space *s = nth_space(grade_u8(g));
    uint64_t start = grade_u64(g), end = grade_u64(g);
    subject = s;
    spin_lock(&s->lock);
    if (op == 'R')
        space_revoke(s, start, end);
    else
        space_drop_pages(s, start, end, op == 'A');
    spin_unlock(&s->lock);
    subject = NULL;
}

static uint64_t visited[2 * LOG];
static unsigned nvisited;

static void
visit(struct space *space, uint64_t *entry, uint64_t arg)
{
    if (nvisited < ARRAY_LEN(visited))
        visited[nvisited++] = *entry ^ arg ^ (uint64_t)number_of(space);
}

/* v: the entries that space_for_each_page comes to, mixed with a word */
static void
op_visit(struct grade *g)
{
    struct space *s = nth_space(grade_u8(g));
    uint64_t start = grade_u64(g), end = grade_u64(g);
    nvisited = 0;
    spin_lock(&s->lock);
    space_for_each_page(s, start, end, visit, grade_u64(g));
    spin_unlock(&s->lock);
    grade_put_bytes(g, visited, nvisited * sizeof(visited[0]));
}

/* E: where space_end_of_table says that a table ends */
static void
op_end(struct grade *g)
{
    const struct space *s = nth_space(grade_u8(g));
    uint64_t va = grade_u64(g);
    grade_put_u64(g, space_end_of_table(s, va, grade_u64(g)));
}

static void
run_one(struct grade *g, char op)
{
    switch (op) {
    case 'n':
        op_new(g);
        break;
    case 'e':
        op_page(g);
        break;
    case 'h':
        op_hart(g);
        break;
    case 'k':
        op_known(g);
        break;
    case 'q':
        op_state(g);
        break;
    case 's':
        space_switch(nth_space(grade_u8(g)));
        break;
    case 'r': /* what is at an address */
        grade_put_u64(g, *(volatile uint64_t *)grade_u64(g));
        break;
    case 'R': /* revoke */
    case 'D': /* drop pages */
    case 'A': /* the same, alone */
        op_range(g, op);
        break;
    case 'v':
        op_visit(g);
        break;
    case 'E':
        op_end(g);
        break;
    case 'd':
        put_entries(g, nth_space(grade_u8(g))->root);
        break;
    case 'm':
        grade_put_bytes(g, moments, nmoments * sizeof(moments[0]));
        nmoments = 0;
        break;
    case 'c':
        grade_put_u32(g, pool.used);
        grade_put_u32(g, pool.wrong);
        break;
    }
}

static void
script(struct grade *g)
{
    start_pool(g);
    pool.freeing = note_frame;
    grade_places.spaces = spaces;
    grade_places.generations = &spaces[0].generation;
    grade_places.distance = sizeof(struct space);
    grade_places.active = &cpu_get(0)->active;
    grade_places.other_active = &cpu_get(1)->active;
    for (const char *op = grade_string(g); *op != '\0'; op++)
        run_one(g, *op);
}

/* ---- A copy that ends in its own time ---- */

static uint64_t ended_at;

/* A hart that has copied comes to the end of it. */
static void
end_copy(void)
{
    sbi_set_timer(UINT64_MAX);
    __atomic_store_n(&cpu_get(2)->copying, NULL, __ATOMIC_RELEASE);
    ended_at++;
}

/* A space, a range; after how many ticks another hart has done with its copy.
 * Whether it had when space_revoke returned. */
static void
copy(struct grade *g)
{
    start_pool(g);
    op_new(g);
    op_hart(g);
    struct space *s = nth_space(grade_u8(g));
    uint64_t start = grade_u64(g), end = grade_u64(g);
    trap_hooks.timer = end_copy;
    trap_init_hart();
    csr_write(sie, SIE_STIE);
    sbi_set_timer(csr_read(time) + grade_u64(g));
    cpu_irq_enable();
    space_revoke(s, start, end);
    grade_put_u64(g, READ_ONCE(ended_at));
    csr_clear(sstatus, SSTATUS_SIE);
    sbi_set_timer(UINT64_MAX);
    grade_put_u64(g, s->generation);
}

/* ---- What is looked at instruction by instruction ---- */

/* Like a script; tests/_steps.py breaks at the functions. */
static void
steps(struct grade *g)
{
    script(g);
}

GRADE_CASES({"script", script}, {"copy", copy}, {"steps", steps});
