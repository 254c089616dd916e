/* Numbers of address spaces, and who has to be told what: no hart ever sees a
 * page that its space no longer has, though its TLB forgets only what it is
 * told to, and finds pages before anybody asks for them. */
// SOURCES: kernel/mm/shootdown.c kernel/mm/asid.c
// CFLAGS: -iquote tests/host/harts -iquote tests/host/include
#include "arch/cpu.h"
#include "arch/barrier.h"
#include "arch/sbi.h"
#include "arch/tlb.h"
#include "mm/area.h"
#include "mm/asid.h"
#include "mm/frame.h"
#include "mm/pagetable.h"
#include "mm/shootdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HARTS  3u
#define SPACES 6u
#define PAGES  40u /* more than are flushed one by one */
#define STEPS  200000u

static struct space spaces[SPACES];
static uint64_t pages[SPACES][PAGES]; /* what the page tables say; 0: nothing */
static bool locked[SPACES];

static struct cpu cpus[HARTS];
static unsigned self;
static unsigned bits[HARTS]; /* of a number that each hart keeps */
static struct {
    struct space *space; /* whose page table it walks; NULL: the kernel's */
    uint64_t asid;
    uint64_t copies_since; /* of contents, if it does */
    bool busy;             /* in the middle of something */
    uint64_t tlb[ASID_MAX][PAGES];
} harts[HARTS];

static unsigned flushes;  /* of all of a space, by the hart itself */
static uint64_t contents; /* the last that a page was given */
static bool wild;         /* others do something at the same time */

static unsigned
pick(unsigned n)
{
    return (unsigned)rand() % n;
}

static unsigned
number_of(const struct space *space)
{
    return (unsigned)(space - spaces);
}

/* ---- What the hardware does ---- */

struct cpu *
this_cpu(void)
{
    return &cpus[self];
}

struct cpu *
cpu_get(unsigned i)
{
    return &cpus[i];
}

unsigned
cpu_count(void)
{
    return HARTS;
}

uint64_t
tlb_count_asids(void)
{
    return 1ul << bits[self];
}

void
tlb_flush_space(uint64_t asid)
{
    flushes++;
    memset(harts[self].tlb[asid], 0, sizeof(harts[self].tlb[asid]));
}

void
tlb_flush_page(uint64_t va, uint64_t asid)
{
    harts[self].tlb[asid][va / PAGE_SIZE] = 0;
}

void
tlb_sync_instructions(void)
{
}

void
sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size, uint64_t asid)
{
    uint64_t *tlb = harts[hartid].tlb[asid];
    for (unsigned i = 0; i < PAGES; i++)
        if (i * PAGE_SIZE >= va && i * PAGE_SIZE - va < size)
            tlb[i] = 0;
}

static uint64_t
look_up(unsigned hart, unsigned page)
{
    uint64_t *found = &harts[hart].tlb[harts[hart].asid][page];
    if (*found == 0)
        *found = pages[number_of(harts[hart].space)][page];
    return *found;
}

static void
speculate(unsigned hart)
{
    if (harts[hart].space)
        look_up(hart, pick(PAGES));
}

void
tlb_set_root(uint64_t root_pa, uint64_t asid)
{
    assert_true(asid < 1ul << bits[self]);
    for (unsigned i = 0; i < SPACES; i++)
        if (spaces[i].root == (uint64_t *)root_pa)
            harts[self].space = &spaces[i];
    harts[self].asid = asid;
    speculate(self);
}

/* ---- What the rest of the kernel does ---- */

uint64_t
virt_to_phys(const void *va)
{
    return (uint64_t)va;
}

void *
phys_to_virt(uint64_t pa)
{
    return (void *)pa;
}

uint64_t *
pt_walk(uint64_t *root UNUSED, uint64_t va UNUSED, unsigned level UNUSED,
        bool create UNUSED)
{
    return NULL;
}

void
frame_unref(void *frame UNUSED)
{
    fail();
}

void
space_unref(struct space *space)
{
    assert_true(space->refs > 1);
    space->refs--;
}

/* A program makes an access. What it finds may be out of date only while
 * somebody is still taking it away. */
static void
touch(unsigned hart)
{
    struct space *space = cpus[hart].active;
    unsigned page = pick(PAGES);
    if (!space)
        return;
    assert_ptr_equal(harts[hart].space, space);
    uint64_t found = look_up(hart, page);
    if (!locked[number_of(space)])
        assert_int_equal(found, pages[number_of(space)][page]);
}

static void
change_pages(struct space *space, unsigned first, unsigned count)
{
    uint64_t *table = pages[number_of(space)];
    if (locked[number_of(space)])
        return;
    locked[number_of(space)] = true;
    uint64_t before = contents++;
    for (unsigned i = first; i < first + count; i++)
        table[i] = pick(3) ? ++contents : 0;
    space_revoke(space, first * PAGE_SIZE, (first + count) * PAGE_SIZE);
    locked[number_of(space)] = false;
    for (unsigned i = 0; i < HARTS; i++)
        assert_true(cpus[i].copying != space || harts[i].copies_since > before);
}

/* Another space in the same memory. */
static void
create(struct space *space)
{
    unsigned i = number_of(space);
    memset(space, 0, sizeof(*space));
    space->refs = 1;
    space->root = pages[i];
    for (unsigned page = 0; page < PAGES; page++)
        pages[i][page] = ++contents;
    asid_assign(space);
}

static bool
is_in_use(const struct space *space)
{
    return space->refs > 1 || locked[number_of(space)];
}

static void let_another(void);

/* Waits for a lock as wait_and_hold does. */
static void
nap(void)
{
    struct space *active = cpus[self].active;
    cpus[self].active = NULL;
    for (unsigned i = 0; i < 6; i++)
        let_another();
    cpus[self].active = active;
    memset(harts[self].tlb, 0, sizeof(harts[self].tlb));
}

/* Something that a hart does on its own. */
static void
take_step(void)
{
    struct space *space = &spaces[pick(SPACES)];
    unsigned first = pick(PAGES);
    cpus[self].copying = NULL;
    speculate(self);
    touch(self);
    switch (pick(10)) {
    case 0:
        space_switch(NULL);
        break;
    case 1:
        if (!is_in_use(space))
            create(space);
        break;
    case 2:
    case 3:
        change_pages(space, first, 1 + pick(PAGES - first));
        break;
    case 4:
        harts[self].copies_since = contents;
        cpus[self].copying = cpus[self].active;
        break;
    case 5:
        nap();
        break;
    default:
        space_switch(space);
    }
    touch(self);
}

static void
run_hart(unsigned hart)
{
    unsigned before = self;
    if (harts[hart].busy)
        return;
    self = hart;
    harts[hart].busy = true;
    take_step();
    harts[hart].busy = false;
    self = before;
}

static void
let_another(void)
{
    if (wild && pick(2))
        run_hart(pick(HARTS));
}

void
barrier_full(void)
{
    let_another();
}

void
cpu_relax(void)
{
    for (unsigned i = 0; i < HARTS; i++)
        if (i != self)
            cpus[i].copying = NULL;
}

/* ---- The tests ---- */

static void
start(unsigned most_bits)
{
    memset(cpus, 0, sizeof(cpus));
    memset(harts, 0, sizeof(harts));
    for (self = 0; self < HARTS; self++) {
        cpus[self].hartid = self;
        bits[self] = self == 1 ? most_bits : 16;
        asid_init_hart(ASID_MAX);
    }
    self = 0;
    for (unsigned i = 0; i < SPACES; i++)
        create(&spaces[i]);
}

static void
run(unsigned most_bits, unsigned seed)
{
    srand(seed);
    start(most_bits);
    wild = true;
    for (unsigned i = 0; i < STEPS; i++)
        run_hart(pick(HARTS));
    wild = false;
}

/* Goes round among the first n spaces; returns how many flushes it took. */
static unsigned
go_round(unsigned n)
{
    self = 0;
    for (unsigned i = 0; i < n; i++)
        space_switch(&spaces[i]);
    flushes = 0;
    for (unsigned i = 0; i < 100 * n; i++)
        space_switch(&spaces[i % n]);
    return flushes;
}

/* In this order, for numbers do not become more again. */
static void
test_numbers_are_enough(void **state UNUSED)
{
    start(16);
    assert_int_equal(go_round(SPACES), 0);
    change_pages(&spaces[SPACES - 1], 0, 1);
    change_pages(&spaces[0], 0, 1);
    space_switch(&spaces[0]);
    assert_int_equal(flushes, 1); /* what the hart was not in is out of date */
    run(16, 1);
}

static void
test_numbers_are_given_again(void **state UNUSED)
{
    start(2);
    for (unsigned i = 0; i < SPACES; i++)
        assert_true(spaces[i].asid < 4);
    assert_int_equal(spaces[4].asid, spaces[0].asid);
    assert_int_equal(go_round(4), 0);
    assert_int_equal(go_round(5), 200); /* the first and the fifth */
    for (unsigned i = 0; i < 1000; i++)
        create(&spaces[i % SPACES]);
    run(2, 2);
}

static void
test_two_numbers(void **state UNUSED)
{
    run(1, 3);
}

static void
test_no_numbers(void **state UNUSED)
{
    start(0);
    assert_int_equal(go_round(2), 200);
    run(0, 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_enough),
        cmocka_unit_test(test_numbers_are_given_again),
        cmocka_unit_test(test_two_numbers),
        cmocka_unit_test(test_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
