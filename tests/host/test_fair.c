/* Fair queues: who is first, and all from the last to the first. */
// SOURCES: kernel/proc/fair.c kernel/lib/tree.c
#include "proc/fair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT 8u

/* Walks from the last to the first, each with an earlier time; returns how
 * many there are. */
static unsigned
walk_back(const struct fair_queue *queue)
{
    const struct fair_share *share = NULL, *before;
    for (unsigned n = 0;; n++) {
        before = share;
        share = fair_last(queue, before);
        if (!share)
            return n;
        assert_true(!before || share->time < before->time);
    }
}

/* A sleeper is forgiven FAIR_CREDIT_NS, so its time may be 0. */
static void
test_walk_from_last_to_first(void **state UNUSED)
{
    struct fair_queue queue = {.floor = FAIR_CREDIT_NS};
    struct fair_share shares[COUNT] = {0};
    assert_int_equal(walk_back(&queue), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        fair_forgive(&queue, &shares[i]);
        fair_put(&queue, &shares[i]);
        assert_int_equal(walk_back(&queue), i + 1);
    }
    assert_int_equal(fair_first(&queue)->time, 0);
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(fair_take_first(&queue), &shares[i]);
    assert_null(fair_take_first(&queue));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk_from_last_to_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
