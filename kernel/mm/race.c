#include "mm/race.h"

#ifdef RACE

#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/report.h"
#include "lib/print.h"

#define EVERY    500u /* plain accesses of a hart, about one is watched */
#define WATCH_US 100u
#define CALLERS  10u
#define PAIRS    64u /* of places, that are remembered */

/* What is watched, as one word: 48 bits of address, then the bytes, up to 8,
 * and the kind of access. 0: nothing. */
#define WATCH_SIZE_SHIFT 48
#define WATCH_WRITE      (1ul << 56)
#define WATCH_TAKEN      1ul /* another hart is about to say that it was here */

enum kind { READ = 0, WRITE = 1, MARKED = 2 };

struct access {
    uint64_t address;
    uint32_t size;
    uint8_t kind;
    uint8_t hart;
    uint64_t callers[CALLERS]; /* 0 ends them */
};

static struct hart {
    /* atomic */
    uint64_t watch;
    bool met; /* `other` is complete */

    /* private to the owner: this hart, but for `other` of who took the watch */
    struct access other;
    bool busy;     /* with all this */
    unsigned left; /* plain accesses, until one is watched */
    uint32_t seed;
} harts[CPU_MAX];

/* What was found, until it may be printed: not while its hart holds a lock,
 * which may be the log's. */
static struct {
    struct access first, second; /* no second: not seen */
    uint32_t state;              /* atomic */
} report;

enum { FREE, TAKEN, COMPLETE };

static uint32_t watching; /* atomic: harts that do */
static unsigned nharts;   /* that are looked at; 0: not yet */

void
race_start(void)
{
    WRITE_ONCE(nharts, cpu_count());
}

/* ---- What is found ---- */

static bool
take_report(uint32_t state)
{
    return __atomic_compare_exchange_n(&report.state, &state, TAKEN, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Whether the two places, in any order, have not been seen together. By who has
 * taken the report. */
static bool
is_new(uint64_t a, uint64_t b)
{
    static uint64_t pairs[PAIRS];
    static uint32_t count;
    uint64_t pair = MIN(a, b) * 31 + MAX(a, b);
    for (uint32_t i = 0; i < MIN(count, PAIRS); i++)
        if (pairs[i] == pair)
            return false;
    pairs[count++ % PAIRS] = pair;
    return true;
}

/* If another one waits to be printed, this will be met again. */
static void
keep(const struct access *first, const struct access *second)
{
    if (!take_report(FREE))
        return;
    report.first = *first;
    report.second = *second;
    bool new = is_new(first->callers[0], second->callers[0]);
    __atomic_store_n(&report.state, new ? COMPLETE : FREE, __ATOMIC_RELEASE);
}

static void
print_access(const char *what, const struct access *a)
{
    pr_warn("%s%s%s of %u bytes at %#lx on hart %u", what,
            a->kind & MARKED ? "marked " : "",
            a->kind & WRITE ? "write" : "read", a->size, a->address, a->hart);
    report_names(a->callers, CALLERS);
}

static void
print_report(void)
{
    if (!take_report(COMPLETE))
        return;
    print_access("race: ", &report.first);
    if (report.second.size > 0)
        print_access("race: meets ", &report.second);
    else
        pr_warn("race: meets a change, by whom was not seen");
    __atomic_store_n(&report.state, FREE, __ATOMIC_RELEASE);
}

/* ---- Watching ---- */

static void
describe(struct access *a, uint64_t address, size_t size, unsigned kind,
         const uint64_t *frame)
{
    a->address = address;
    a->size = (uint32_t)size;
    a->kind = (uint8_t)kind;
    a->hart = (uint8_t)this_cpu()->index;
    report_callers(frame[-1], frame[-2], a->callers, CALLERS);
}

/* Tells whoever watches one of these bytes. */
static NOINLINE void
tell_watchers(uint64_t address, size_t size, unsigned kind,
              const uint64_t *frame)
{
    uint64_t from = address << 16 >> 16;
    for (unsigned i = 0; i < nharts; i++) {
        struct hart *h = &harts[i];
        uint64_t watch = READ_ONCE(h->watch);
        uint64_t at = watch << 16 >> 16;
        uint64_t bytes = watch >> WATCH_SIZE_SHIFT & 0xff;
        if (bytes == 0 || from + size <= at || at + bytes <= from ||
            !(kind & WRITE || watch & WATCH_WRITE))
            continue;
        /* Its hart waits for what follows. */
        bool irq_was_on = cpu_irq_save();
        if (__atomic_compare_exchange_n(&h->watch, &watch, WATCH_TAKEN, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            describe(&h->other, address, size, kind, frame);
            __atomic_store_n(&h->met, true, __ATOMIC_RELEASE);
        }
        cpu_irq_restore(irq_was_on);
    }
}

/* A part of an access that memory has as a whole. */
static size_t
watchable(uint64_t address, size_t size)
{
    size = MIN(size, 8u);
    while ((size & (size - 1)) != 0)
        size &= size - 1;
    while (address % size != 0)
        size /= 2;
    return size;
}

static uint64_t
value_at(uint64_t address, size_t size)
{
    switch (size) {
    case 1:
        return *(volatile uint8_t *)address;
    case 2:
        return *(volatile uint16_t *)address;
    case 4:
        return *(volatile uint32_t *)address;
    default:
        return *(volatile uint64_t *)address;
    }
}

/* With interrupts off: the hart watches one access at a time. */
static void
watch(struct hart *h, uint64_t address, size_t size, unsigned kind,
      const uint64_t *frame)
{
    uint64_t mark = address << 16 >> 16 | size << WATCH_SIZE_SHIFT |
                    (kind & WRITE ? WATCH_WRITE : 0);
    uint64_t before = value_at(address, size);
    h->met = false;
    __atomic_fetch_add(&watching, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&h->watch, mark, __ATOMIC_SEQ_CST);
    clock_delay_us(WATCH_US);
    bool seen = __atomic_exchange_n(&h->watch, 0, __ATOMIC_ACQ_REL) != mark;
    __atomic_fetch_sub(&watching, 1, __ATOMIC_RELAXED);
    while (seen && !__atomic_load_n(&h->met, __ATOMIC_ACQUIRE))
        cpu_relax();
    if (!seen && value_at(address, size) == before)
        return;
    if (!seen)
        h->other = (struct access){0};
    struct access here;
    describe(&here, address, size, kind, frame);
    keep(&here, &h->other);
}

/* The next one is watched after an odd number, for loops go round evenly. */
static NOINLINE void
stop_and_watch(struct hart *h, uint64_t address, size_t size, unsigned kind,
               const uint64_t *frame)
{
    bool irq_was_on = cpu_irq_save();
    h->busy = true;
    h->seed = h->seed * 1664525 + 1013904223;
    h->left = EVERY / 2 + (h->seed >> 16) % EVERY;
    watch(h, address, watchable(address, size), kind, frame);
    if (!this_cpu()->last_lock)
        print_report();
    h->busy = false;
    cpu_irq_restore(irq_was_on);
}

static ALWAYS_INLINE void
check(uint64_t address, size_t size, unsigned kind, const uint64_t *frame)
{
    if (READ_ONCE(nharts) == 0)
        return;
    const struct cpu *cpu = this_cpu();
    struct hart *h = &harts[cpu->index];
    /* Races on the bytes of a user copy are the program's. */
    if (h->busy || READ_ONCE(cpu->copying))
        return;
    if (unlikely(READ_ONCE(watching) > 0))
        tell_watchers(address, size, kind, frame);
    if (!(kind & MARKED) && unlikely(h->left-- == 0))
        stop_and_watch(h, address, size, kind, frame);
}

/* ---- What the compilers call: there is no header ---- */

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define CHECK(p, size, kind) \
    check((uint64_t)(p), size, kind, __builtin_frame_address(0))

#define CHECKER(name, size, kind) \
    void __tsan_##name(void *p)   \
    {                             \
        CHECK(p, size, kind);     \
    }
#define CHECKERS(size)                                \
    CHECKER(read##size, size, READ)                   \
    CHECKER(write##size, size, WRITE)                 \
    CHECKER(volatile_read##size, size, READ | MARKED) \
    CHECKER(volatile_write##size, size, WRITE | MARKED)

CHECKERS(1)
CHECKERS(2)
CHECKERS(4)
CHECKERS(8)
CHECKERS(16)

void
__tsan_read_range(void *p, size_t size)
{
    CHECK(p, size, READ);
}

void
__tsan_write_range(void *p, size_t size)
{
    CHECK(p, size, WRITE);
}

/* In constructors, of which the kernel runs none. */
void
__tsan_init(void)
{
}

/* A stronger order than was asked for hides no race: all that is looked for is
 * whether both sides are marked. */
#define ORDER __ATOMIC_SEQ_CST

#define LOAD_AND_STORE(n)                                                      \
    uint##n##_t __tsan_atomic##n##_load(uint##n##_t *p, int order UNUSED)      \
    {                                                                          \
        CHECK(p, n / 8, READ | MARKED);                                        \
        return __atomic_load_n(p, ORDER);                                      \
    }                                                                          \
    void __tsan_atomic##n##_store(uint##n##_t *p, uint##n##_t v, int o UNUSED) \
    {                                                                          \
        CHECK(p, n / 8, WRITE | MARKED);                                       \
        __atomic_store_n(p, v, ORDER);                                         \
    }
#define CHANGE(n, name, function)                                        \
    uint##n##_t __tsan_atomic##n##_##name(uint##n##_t *p, uint##n##_t v, \
                                          int o UNUSED)                  \
    {                                                                    \
        CHECK(p, n / 8, WRITE | MARKED);                                 \
        return function(p, v, ORDER);                                    \
    }
#define CHANGE_IF(n, name)                                                  \
    bool __tsan_atomic##n##_compare_exchange_##name(                        \
        uint##n##_t *p, uint##n##_t *old, uint##n##_t v, int o UNUSED,      \
        int f UNUSED)                                                       \
    {                                                                       \
        CHECK(p, n / 8, WRITE | MARKED);                                    \
        return __atomic_compare_exchange_n(p, old, v, false, ORDER, ORDER); \
    }
#define ATOMIC(n)                            \
    LOAD_AND_STORE(n)                        \
    CHANGE(n, exchange, __atomic_exchange_n) \
    CHANGE(n, fetch_add, __atomic_fetch_add) \
    CHANGE(n, fetch_sub, __atomic_fetch_sub) \
    CHANGE(n, fetch_and, __atomic_fetch_and) \
    CHANGE(n, fetch_or, __atomic_fetch_or)   \
    CHANGE_IF(n, strong)                     \
    CHANGE_IF(n, weak)

LOAD_AND_STORE(8)
LOAD_AND_STORE(16)
ATOMIC(32)
ATOMIC(64)

void
__tsan_atomic_thread_fence(int order UNUSED)
{
    __atomic_thread_fence(ORDER);
}

#endif
