#include "sys/selftest.h"
#include "arch/clock.h"
#include "dev/platform.h"
#include "lib/panic.h"
#include "mm/slab.h"
#include "proc/sched.h"

static void
use_freed_memory(void)
{
    volatile char *p = kmalloc(100);
    kfree((void *)p);
    p[50] = 1;
}

static void
write_past_the_end(void)
{
    volatile char *p = kmalloc(20);
    p[20] = 1;
    kfree((void *)p);
}

static void
write_to_text(void)
{
    *(volatile char *)(uintptr_t)selftest_run = 0;
}

static NOINLINE unsigned
recurse(unsigned depth)
{
    volatile char room[256];
    room[depth % sizeof(room)] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + (unsigned)room[0];
}

static void
overflow_stack(void)
{
    recurse(1000);
}

static void
overflow_integer(void)
{
    volatile int big = 0x7fffffff;
    big = big + 1;
}

static void
just_panic(void)
{
    panic("bootarg test.panic");
}

#ifdef CANARY
static NOINLINE void
write_array(unsigned n)
{
    char room[16];
    volatile char *volatile p = room;
    for (unsigned i = 0; i < n; i++)
        p[i] = 1;
}

static void
write_past_the_array(void)
{
    write_array(24);
}
#endif

#ifdef RACE
static unsigned touched;

/* Its own function, not to be joined with the loop: each is an access. */
static NOINLINE void
touch_unlocked(void)
{
    touched++;
}

static void
touch_until(void *end)
{
    while (READ_ONCE(*(bool *)end) == false)
        touch_unlocked();
    thread_exit();
}

static void
race_for_a_while(void)
{
    static bool end;
    struct thread *other = thread_create("racer", touch_until, &end);
    if (!other)
        panic("no memory for a thread");
    sched_start(other);
    uint64_t stop = clock_now_ns() + 200000000;
    while (clock_now_ns() < stop)
        touch_unlocked();
    WRITE_ONCE(end, true);
}
#endif

static const struct {
    const char *bootarg;
    void (*fail)(void);
} tests[] = {
    {"test.panic", just_panic},
    {"test.overflow", overflow_stack},
    {"test.text", write_to_text},
    {"test.kasan-freed", use_freed_memory}, /* noticed by SAN=1 builds */
    {"test.kasan-end", write_past_the_end},
    {"test.ubsan", overflow_integer},
#ifdef CANARY
    {"test.canary", write_past_the_array},
#endif
#ifdef RACE
    {"test.race", race_for_a_while},
#endif
};

void
selftest_run(void)
{
    size_t len;
    for (unsigned i = 0; i < ARRAY_LEN(tests); i++)
        if (bootarg_find(tests[i].bootarg, &len))
            tests[i].fail();
}
