/* Address spaces on several harts at once, each with a thread of its own. */
#include "grade.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/shootdown.h"
#include "proc/sched.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define VA    0x10000000ul
#define PAGES 24u

static struct {
    struct space *space;
    uint64_t *entries; /* of PAGES pages from VA on */
    unsigned harts, done;
    uint64_t round; /* of what the pages show; 0: come to an end */
    unsigned pages;
    unsigned ready[CPU_MAX]; /* the round that each has read */
    uint64_t sums[CPU_MAX];
    bool inside[CPU_MAX]; /* a copy is going on, and says so */
    unsigned rounds;
} work;

/* A table for the pages, by the test's own hand. */
static uint64_t *
make_table(struct space *space)
{
    uint64_t *table = space->root;
    for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
        uint64_t *next = frame_alloc_zeroed(0);
        assert(next != NULL);
        table[pte_index(VA, level)] = pte_make(virt_to_phys(next), PTE_V);
        table = next;
    }
    return &table[pte_index(VA, 0)];
}

static void
show(unsigned page, uint64_t word)
{
    uint64_t *frame = frame_alloc_zeroed(0);
    assert(frame != NULL);
    frame[7] = word;
    work.entries[page] =
        pte_make(virt_to_phys(frame), PTE_V | PTE_R | PTE_A | PTE_D);
}

static volatile uint64_t *
page_at(unsigned page)
{
    return (volatile uint64_t *)(VA + page * PAGE_SIZE) + 7;
}

/* This thread lives in the space from now on. */
static void
enter(struct space *space)
{
    bool on = cpu_irq_save();
    cpu_thread()->space = space;
    space_switch(space);
    cpu_irq_restore(on);
}

static void
read_pages(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    uint64_t seen = 0, sum = 0, round;
    enter(work.space);
    while ((round = __atomic_load_n(&work.round, __ATOMIC_ACQUIRE)) != 0) {
        if (round != seen) {
            for (unsigned p = 0; p < work.pages; p++)
                sum = sum * 31 + *page_at(p);
            work.sums[number] = sum;
            seen = round;
            __atomic_store_n(&work.ready[number], round, __ATOMIC_RELEASE);
        }
        (void)*page_at(0);
        cpu_relax();
    }
    enter(NULL);
    __atomic_add_fetch(&work.done, 1, __ATOMIC_RELEASE);
}

static void
start_threads(void (*f)(void *arg))
{
    work.harts = cpu_count();
    work.done = 0;
    for (unsigned i = 1; i < work.harts; i++) {
        struct thread *t = thread_create("graded", f, (void *)(uintptr_t)i);
        assert(t != NULL);
        sched_set_allowed(t, 1ul << i);
        sched_start(t);
    }
    sched_set_allowed(thread_current(), 1);
    sched_yield();
}

static void
wait_for_all(void)
{
    while (__atomic_load_n(&work.done, __ATOMIC_ACQUIRE) + 1 < work.harts)
        sched_yield();
}

static void
wait_until_read(uint64_t round)
{
    for (unsigned i = 1; i < work.harts; i++)
        while (__atomic_load_n(&work.ready[i], __ATOMIC_ACQUIRE) != round)
            sched_yield();
}

/* rounds, pages, and a word for each page of each round; what each other hart
 * read, mixed. All pages are others in each round. */
static void
replaced(struct grade *g)
{
    unsigned rounds = grade_u32(g);
    uint64_t *frames[PAGES];
    memset(&work, 0, sizeof(work));
    work.pages = MIN(grade_u32(g), PAGES);
    assert(space_create(&work.space) == 0);
    work.entries = make_table(work.space);
    for (unsigned p = 0; p < work.pages; p++)
        show(p, grade_u64(g));
    work.round = 1;
    start_threads(read_pages);
    wait_until_read(1);
    for (unsigned round = 2; round <= rounds; round++) {
        spin_lock(&work.space->lock);
        for (unsigned p = 0; p < work.pages; p++) {
            frames[p] = phys_to_virt(pte_address(work.entries[p]));
            show(p, grade_u64(g));
        }
        space_revoke(work.space, VA, VA + work.pages * PAGE_SIZE);
        spin_unlock(&work.space->lock);
        for (unsigned p = 0; p < work.pages; p++)
            frame_free(frames[p], 0);
        __atomic_store_n(&work.round, round, __ATOMIC_RELEASE);
        wait_until_read(round);
    }
    __atomic_store_n(&work.round, 0, __ATOMIC_RELEASE);
    wait_for_all();
    for (unsigned i = 1; i < work.harts; i++)
        grade_put_u64(g, work.sums[i]);
}

/* ---- Copies ---- */

static void
copy_often(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    for (unsigned n = 0; __atomic_load_n(&work.round, __ATOMIC_ACQUIRE); n++) {
        bool on = cpu_irq_save();
        __atomic_store_n(&this_cpu()->copying, work.space, __ATOMIC_SEQ_CST);
        __atomic_store_n(&work.ready[number], n + 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(&work.inside[number], true, __ATOMIC_SEQ_CST);
        for (unsigned i = 0; i < 300 + n % 7 * 100; i++)
            cpu_relax();
        __atomic_store_n(&work.inside[number], false, __ATOMIC_SEQ_CST);
        __atomic_store_n(&this_cpu()->copying, NULL, __ATOMIC_RELEASE);
        cpu_irq_restore(on);
        sched_yield();
    }
    __atomic_add_fetch(&work.done, 1, __ATOMIC_RELEASE);
}

/* rounds; how often a copy that had begun before was still going on when
 * space_revoke returned, and whether the generation was another each time */
static void
copied(struct grade *g)
{
    unsigned early = 0, fresh = 0;
    memset(&work, 0, sizeof(work));
    work.rounds = grade_u32(g);
    assert(space_create(&work.space) == 0);
    work.round = 1;
    start_threads(copy_often);
    for (unsigned round = 0; round < work.rounds; round++) {
        unsigned before[CPU_MAX], running[CPU_MAX];
        for (unsigned i = 1; i < work.harts; i++) {
            running[i] = __atomic_load_n(&work.inside[i], __ATOMIC_SEQ_CST);
            before[i] = __atomic_load_n(&work.ready[i], __ATOMIC_SEQ_CST);
        }
        uint64_t generation = work.space->generation;
        spin_lock(&work.space->lock);
        space_revoke(work.space, 0, PAGE_SIZE);
        spin_unlock(&work.space->lock);
        fresh += work.space->generation != generation;
        for (unsigned i = 1; i < work.harts; i++)
            early +=
                running[i] &&
                __atomic_load_n(&work.inside[i], __ATOMIC_SEQ_CST) &&
                __atomic_load_n(&work.ready[i], __ATOMIC_SEQ_CST) == before[i];
        sched_yield();
    }
    __atomic_store_n(&work.round, 0, __ATOMIC_RELEASE);
    wait_for_all();
    grade_put_u32(g, early);
    grade_put_u32(g, fresh);
}

GRADE_CASES({"replaced", replaced}, {"copied", copied});
