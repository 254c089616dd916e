/* All harts at once: each runs a thread of its own. tests/s7_machine.py asks.
 */
#include "grade.h"
#include "arch/cpu.h"
#include "arch/layout.h"
#include "lib/panic.h"
#include "mm/frame.h"
#include "mm/slab.h"
#include "proc/sched.h"

GRADE_ENTRY(GRADE_AT_STARTUP);

#define HELD 64u

static struct {
    /* constant while harts work */
    unsigned harts;
    uint64_t seed;
    unsigned rounds;
    void *frame; /* that all share */
    uint32_t refs[CPU_MAX], unrefs[CPU_MAX];

    /* atomic */
    unsigned arrived, done;
    uint64_t damaged, refused;
} work;

/* Nobody begins before all can. */
static unsigned
arrive(void)
{
    unsigned number = __atomic_fetch_add(&work.arrived, 1, __ATOMIC_ACQ_REL);
    while (READ_ONCE(work.arrived) < work.harts)
        cpu_relax();
    return number;
}

static void
leave(uint64_t damaged, uint64_t refused)
{
    __atomic_fetch_add(&work.damaged, damaged, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&work.refused, refused, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&work.done, 1, __ATOMIC_ACQ_REL);
}

/* Runs f on each hart, and returns when all have ended it. */
static void
on_all_harts(void (*f)(void *))
{
    uint64_t online = sched_online();
    work.arrived = work.done = 0;
    work.damaged = work.refused = 0;
    work.harts = cpu_count();
    for (unsigned i = 0; i < work.harts; i++) {
        assert(online >> i & 1);
        struct thread *thread = thread_create("graded", f, NULL);
        assert(thread != NULL);
        sched_set_allowed(thread, 1ul << i);
        sched_start(thread);
    }
    while (READ_ONCE(work.done) < work.harts)
        sched_yield();
}

static uint64_t
draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- Blocks and objects ---- */

struct held {
    uint64_t *at;
    unsigned order; /* of frames; or OBJECT */
    uint64_t mark;
};

#define OBJECT 99u

static size_t
last_word(const struct held *h)
{
    size_t bytes = h->order == OBJECT ? 64 : PAGE_SIZE << h->order;
    return bytes / 8 - 1;
}

static void
take(struct held *h, unsigned what, uint64_t mark)
{
    h->order = what < 10 ? 0 : what < 13 ? what - 9 : OBJECT;
    h->at = h->order == OBJECT ? kmalloc(64) : frame_alloc(h->order);
    h->mark = mark;
    if (h->at != NULL)
        h->at[0] = h->at[last_word(h)] = mark;
}

/* Returns whether it is as it was left. */
static bool
give_back(struct held *h)
{
    bool good = h->at[0] == h->mark && h->at[last_word(h)] == h->mark;
    if (h->order == OBJECT)
        kfree(h->at);
    else
        frame_free(h->at, h->order);
    h->at = NULL;
    return good;
}

static void
allocate(void *arg UNUSED)
{
    struct held held[HELD];
    uint64_t damaged = 0, refused = 0, number = arrive();
    uint64_t state = work.seed + number * 0x9e3779b97f4a7c15ul;
    for (unsigned i = 0; i < work.rounds; i++) {
        for (unsigned n = 0; n < HELD; n++) {
            uint64_t r = draw(&state);
            take(&held[n], r >> 20 & 15, number << 56 | r >> 8);
            refused += held[n].at == NULL;
        }
        unsigned first = (unsigned)draw(&state) % HELD;
        for (unsigned n = 0; n < HELD; n++) {
            struct held *h = &held[(first + n * 13) % HELD];
            if (h->at != NULL)
                damaged += !give_back(h);
        }
    }
    leave(damaged, refused);
}

/* seed, rounds; free frames before, damaged, refused, and how many frames are
 * free that were not before */
static void
blocks(struct grade *g)
{
    work.seed = grade_u64(g);
    work.rounds = 1;
    on_all_harts(allocate); /* caches have what they will have */
    work.rounds = grade_u32(g);
    size_t before = frame_count_free();
    on_all_harts(allocate);
    grade_put_u64(g, before);
    grade_put_u64(g, work.damaged);
    grade_put_u64(g, work.refused);
    grade_put_u64(g, frame_count_free() - before);
}

/* ---- References ---- */

static void
count(void *arg UNUSED)
{
    unsigned number = arrive();
    uint32_t refs = work.refs[number], unrefs = work.unrefs[number];
    for (uint32_t i = 0; i < refs; i++) {
        frame_ref(work.frame);
        if (i < unrefs)
            frame_unref(work.frame);
    }
    leave(0, 0);
}

/* for each hart refs, and of them unrefs; references in the end */
static void
references(struct grade *g)
{
    work.frame = frame_alloc(0);
    for (unsigned i = 0; i < cpu_count(); i++) {
        work.refs[i] = grade_u32(g);
        work.unrefs[i] = grade_u32(g);
    }
    on_all_harts(count);
    grade_put_u32(g, frame_refs(work.frame));
}

GRADE_CASES({"blocks", blocks}, {"references", references});
