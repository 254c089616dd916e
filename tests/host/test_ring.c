/* Rings of records: what goes in comes out, in order and whole, or is counted
 * as lost, whoever is faster. */
// SOURCES: kernel/trace/ring.c
// CFLAGS: -DTRACE -iquote tests/host/traced -iquote tests/host/include
#include "trace/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RING  4096u
#define STEPS 200000u

struct record {
    uint16_t size, event, hart, zero;
    uint64_t ids, time, fields[7];
};

struct cpu host_cpus[CPU_MAX];
struct arch_thread host_thread;
uint64_t host_time;
bool host_irq_on = true;

static _Alignas(8) uint8_t memory[CPU_MAX][RING];
static uint8_t buffer[2 * RING];

static void
run_on(unsigned hart)
{
    host_thread.cpu = &host_cpus[hart];
}

/* All events are on, the rings empty, and hart 0 runs. */
static int
setup(void **state UNUSED)
{
    for (unsigned i = 0; i < CPU_MAX; i++) {
        while (trace_take(i, buffer, sizeof(buffer)) > 0)
            ;
        trace_give(i, memory[i], RING);
    }
    for (unsigned i = TRACE_LOST + 1; i < TRACE_EVENTS; i++)
        trace_set_mode(i, TRACE_RECORDED);
    memset(host_thread.traced, 1, sizeof(host_thread.traced));
    host_thread.untraced = false;
    run_on(0);
    return 0;
}

/* Takes records into the buffer; the first is at its start. */
static size_t
take(unsigned hart, size_t size)
{
    size_t n = trace_take(hart, buffer, size);
    assert_true(n <= size);
    return n;
}

static void
test_fields(void **state UNUSED)
{
    const struct record *r = (const void *)buffer;
    host_thread.ids = 7 | 9ul << 32;
    host_time = 1234;
    run_on(2);
    trace_virtq_desc(1, 2, 3, 4, 5, 6, 7);
    trace_proc_exec("a name of 16 byt and more");
    trace_irq_timer();
    assert_true(trace_is_waiting());
    assert_int_equal(take(0, sizeof(buffer)), 0);
    assert_int_equal(take(2, sizeof(buffer)), 3 * 24 + 8 * (7 + 2));
    assert_false(trace_is_waiting());
    assert_int_equal(r->size, 24 + 7 * 8);
    assert_int_equal(r->event, TRACE_virtq_desc);
    assert_int_equal(r->hart, 2);
    assert_int_equal(r->ids, host_thread.ids);
    assert_int_equal(r->time, 1234);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(r->fields[i], i + 1);
    r = (const void *)(buffer + r->size);
    assert_int_equal(r->event, TRACE_proc_exec);
    assert_memory_equal(r->fields, "a name of 16 byt", 16);
    r = (const void *)((const uint8_t *)r + r->size);
    assert_int_equal(r->event, TRACE_irq_timer);
    assert_true(host_irq_on);
}

static void
test_whole_records(void **state UNUSED)
{
    trace_irq_enter(1);
    trace_irq_enter(2);
    assert_int_equal(take(0, 31), 0);
    assert_int_equal(take(0, 63), 32);
    assert_int_equal(((struct record *)buffer)->fields[0], 1);
    assert_int_equal(take(0, 64), 32);
    assert_int_equal(((struct record *)buffer)->fields[0], 2);
}

static void
test_modes(void **state UNUSED)
{
    uint64_t before = trace_total(TRACE_irq_enter);
    trace_set_mode(TRACE_irq_enter, TRACE_COUNTED);
    trace_irq_enter(1);
    trace_set_mode(TRACE_irq_enter, TRACE_OFF);
    trace_irq_enter(1);
    trace_set_mode(TRACE_irq_enter, TRACE_RECORDED);
    host_thread.untraced = true;
    trace_irq_enter(1);
    assert_int_equal(take(0, sizeof(buffer)), 0);
    assert_int_equal(trace_total(TRACE_irq_enter), before + 1);
    host_cpus[0].in_interrupt = true; /* which is not the thread's doing */
    trace_irq_enter(1);
    host_cpus[0].in_interrupt = false;
    assert_int_equal(take(0, sizeof(buffer)), 32);
    host_thread.untraced = false;
    memset(host_thread.traced, 0, sizeof(host_thread.traced));
    trace_irq_enter(1);
    assert_int_equal(take(0, sizeof(buffer)), 0);
}

/* Looks at what was taken: numbers that rise, but for those that the records
 * before them say were lost. */
static uint64_t
check_taken(size_t bytes, uint64_t next)
{
    for (size_t at = 0; at < bytes;) {
        const struct record *r = (const void *)(buffer + at);
        assert_in_range(r->size, 24 + 8, sizeof(*r));
        if (r->event == TRACE_LOST) {
            next += r->fields[0];
        } else {
            assert_int_equal(r->fields[0], next);
            for (unsigned i = 1; i < (r->size - 24u) / 8; i++)
                assert_int_equal(r->fields[i], next + i);
            next++;
        }
        at += r->size;
    }
    return next;
}

static void
write_one(uint64_t n)
{
    switch (rand() % 4) {
    case 0:
        trace_irq_enter(n);
        break;
    case 1:
        trace_virtq_notify(n, n + 1);
        break;
    case 2:
        trace_virtq_used(n, n + 1, n + 2, n + 3, n + 4);
        break;
    default:
        trace_virtq_desc(n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6);
    }
}

/* Now the writer is faster, now the reader, who takes as much as he likes. */
static void
test_round_and_round(void **state UNUSED)
{
    uint64_t written = 0, next = 0, lost = 0;
    srand(1);
    for (unsigned step = 0; step < STEPS; step++) {
        bool is_slow = step / 1000 % 2;
        if (rand() % (is_slow ? 100 : 3) != 0) {
            write_one(written++);
            continue;
        }
        uint64_t before = next;
        size_t n = take(0, is_slow ? (size_t)rand() % sizeof(buffer) : 300);
        next = check_taken(n, next);
        lost += next - before > n / 32;
    }
    next = check_taken(take(0, sizeof(buffer)), next);
    write_one(written++); /* and how many were lost last */
    next = check_taken(take(0, sizeof(buffer)), next);
    assert_int_equal(next, written);
    assert_true(lost > 10);
}

/* What is lost is as little as can be: a ring holds all but the longest
 * records of its size. */
static void
test_room(void **state UNUSED)
{
    unsigned n = 0;
    uint64_t next = 0;
    for (uint64_t i = 0; i < RING; i++)
        trace_irq_enter(i);
    size_t bytes = take(0, sizeof(buffer));
    for (size_t at = 0; at < bytes; at += 32)
        n++;
    next = check_taken(bytes, next);
    assert_int_equal(next, n);
    assert_true(bytes <= RING && bytes + 5 * TRACE_RECORD_MAX >= RING);
    trace_irq_enter(RING);
    next = check_taken(take(0, sizeof(buffer)), next);
    assert_int_equal(next, RING + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_fields, setup),
        cmocka_unit_test_setup(test_whole_records, setup),
        cmocka_unit_test_setup(test_modes, setup),
        cmocka_unit_test_setup(test_round_and_round, setup),
        cmocka_unit_test_setup(test_room, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
