/* Directories of extended images, held against a model. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/dir_model.c

#include "dir_model.h"
#include "efs_rig.h"

#include "abi/errno.h"

#include <stdio.h>

#define INODES 64u

static struct efs_rig rig;
static struct model m;

/* An empty directory, in an image with room for its names. */
static void
start(uint32_t most, size_t longest)
{
    size_t blocks = most * (longest + 30) / ECLIPSEFS_BLOCK_SIZE + 300;

    rig_init(&rig, blocks, INODES);
    model_init(&m, &rig.fs, most, longest);
}

static void
stop(void)
{
    model_free(&m);
    rig_free(&rig);
}

/* Adds and takes away names at random, as many as there may be at most. */
static void
churn(uint32_t most, size_t longest, unsigned steps)
{
    start(most, longest);
    uint64_t free_blocks = rig_count_free(&rig);
    for (unsigned i = 0; i < steps; i++) {
        uint32_t id = model_random(most);
        unsigned what = model_random(8);
        if (!m.ino[id])
            assert_int_equal(model_add(&m, id), 0);
        else if (what == 0)
            assert_int_equal(model_set(&m, id), 0);
        else if (what < 7)
            assert_int_equal(model_remove(&m, id), 0);
        model_check_name(&m, model_random(most));
        if (i % (steps / 4 + 1) == 0) {
            rig_remount(&rig);
            model_reload(&m);
            model_check(&m);
        }
    }
    model_check(&m);
    for (uint32_t id = 0; id < most; id++) {
        if (m.ino[id])
            assert_int_equal(model_remove(&m, id), 0);
    }
    model_check(&m);
    assert_int_equal(m.dir.layout, EFS_INLINE);
    assert_int_equal(m.dir.data_len, 0);
    assert_int_equal(rig_count_free(&rig), free_blocks);
    stop();
}

static void
test_random_changes(void **state)
{
    (void)state;
    churn(8, 255, 10000);
    churn(100, 20, 10000);
    churn(1000, 255, 30000);
    churn(20000, 20, 100000);
    churn(20000, 255, 100000);
}

/* Grows a directory to 100,000 names and lets it shrink again. */
static void
test_growing_and_shrinking(void **state)
{
    enum { MOST = 100000 };

    (void)state;
    start(MOST, 20);
    uint64_t free_blocks = rig_count_free(&rig);
    for (uint32_t id = 0; id < MOST; id++)
        assert_int_equal(model_add(&m, id), 0);
    model_check(&m);
    printf("%llu blocks for %u names\n",
           (unsigned long long)(free_blocks - rig_count_free(&rig)), MOST);
    for (uint32_t id = 0; id < MOST; id++)
        assert_int_equal(model_remove(&m, id), 0);
    assert_int_equal(rig_count_free(&rig), free_blocks);
    stop();
}

static uint64_t
blocks_asked_for(void)
{
    struct bcache_stats stats;

    bcache_get_stats(&stats);
    return stats.hits + stats.misses;
}

/* The blocks that a lookup asks for, on average. */
static double
lookup_cost(uint32_t names)
{
    start(names, 20);
    for (uint32_t id = 0; id < names; id++)
        assert_int_equal(model_add(&m, id), 0);
    uint64_t before = blocks_asked_for();
    for (uint32_t id = 0; id < names; id++)
        model_check_name(&m, id);
    double cost = (double)(blocks_asked_for() - before) / names;
    stop();
    return cost;
}

static void
test_lookup_touches_few_blocks(void **state)
{
    (void)state;
    double small = lookup_cost(100), large = lookup_cost(100000);
    printf("blocks a lookup: %.2f of 100, %.2f of 100,000\n", small, large);
    assert_true(small <= 2);
    assert_true(large <= 3);
}

/* ---- Walks ---- */

/* Walks through the directory in pieces, while names come and go. */
static void
walk_amid_changes(uint32_t most, size_t longest)
{
    uint64_t pos = 0;
    bool end = false;

    start(most, longest);
    uint8_t *seen = calloc(most, 1), *changed = calloc(most, 1);
    for (uint32_t id = 0; id < most; id += 2)
        assert_int_equal(model_add(&m, id), 0);
    while (!end) {
        end = model_walk(&m, &pos, 1 + model_random(40), seen);
        for (unsigned i = model_random(60); i > 0; i--) {
            uint32_t id = model_random(most);
            if (changed[id])
                continue;
            changed[id] = 1;
            int err = m.ino[id] ? model_remove(&m, id) : model_add(&m, id);
            assert_int_equal(err, 0);
        }
    }
    for (uint32_t id = 0; id < most; id++) {
        if (changed[id])
            assert_true(seen[id] <= 1);
        else
            assert_int_equal(seen[id], m.ino[id] ? 1 : 0);
    }
    free(seen);
    free(changed);
    stop();
}

static void
test_walks_amid_changes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        walk_amid_changes(20, 20);
        walk_amid_changes(2000, 255);
    }
    walk_amid_changes(20000, 20);
}

/* rm -r: reads some names, removes them, reads on. */
static void
test_removing_what_was_read(void **state)
{
    enum { MOST = 5000 };
    uint64_t pos = 0;
    uint8_t *seen = calloc(MOST, 1);
    bool end = false;

    (void)state;
    start(MOST, 30);
    for (uint32_t id = 0; id < MOST; id++)
        assert_int_equal(model_add(&m, id), 0);
    while (!end) {
        end = model_walk(&m, &pos, 37, seen);
        for (uint32_t id = 0; id < MOST; id++) {
            if (seen[id] && m.ino[id])
                assert_int_equal(model_remove(&m, id), 0);
        }
    }
    assert_int_equal(m.dir.data_len, 0);
    free(seen);
    stop();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_changes),
        cmocka_unit_test(test_growing_and_shrinking),
        cmocka_unit_test(test_lookup_touches_few_blocks),
        cmocka_unit_test(test_walks_amid_changes),
        cmocka_unit_test(test_removing_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
