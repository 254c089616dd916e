/* Directories of extended images, held against a model. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c tests/host/dir_model.c

#include "dir_model.h"
#include "efs_rig.h"

#include "abi/errno.h"
#include "lib/bits.h"

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
    bcache_init(4096);
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
            rig_check(&rig.fs);
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
    churn(20000, 20, 30000);
    churn(20000, 255, 30000);
}

static uint64_t
blocks_asked_for(void)
{
    struct bcache_stats stats;

    bcache_get_stats(&stats);
    return stats.hits + stats.misses;
}

/* Adds all names; the blocks that a lookup asks for then, on average. */
static double
fill(uint32_t names)
{
    start(names, 20);
    for (uint32_t id = 0; id < names; id++)
        assert_int_equal(model_add(&m, id), 0);
    uint64_t before = blocks_asked_for();
    for (uint32_t id = 0; id < names; id++)
        model_check_name(&m, id);
    return (double)(blocks_asked_for() - before) / names;
}

static void
test_large_directory(void **state)
{
    enum { MOST = 100000 };

    (void)state;
    double small = fill(100);
    stop();
    double large = fill(MOST);
    printf("blocks a lookup: %.2f of 100, %.2f of 100,000\n", small, large);
    assert_true(small <= 2);
    assert_true(large <= 3);
    model_check(&m);
    for (uint32_t id = 0; id < MOST; id++)
        assert_int_equal(model_remove(&m, id), 0);
    rig_check(&rig.fs);
    stop();
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

/* ---- Lists ---- */

/* A list longer than a block, which has come from a plain image. */
static void
test_long_lists_are_only_read(void **state)
{
    enum { MOST = 400 };
    struct efs_node dir = {.ino = 1, .type = ECLIPSEFS_DIRECTORY};

    (void)state;
    start(MOST, 20);
    dir.data = rig.size - 3 * ECLIPSEFS_BLOCK_SIZE + 100;
    for (uint32_t id = 0; id < MOST; id++) {
        struct eclipsefs_dirent *entry =
            (void *)(rig.image + dir.data + dir.data_len);
        size_t len = model_name(&m, id, (char *)(entry + 1));
        le32_store(entry->name_len, (uint32_t)len);
        le32_store(entry->inode, 1 + id % INODES);
        m.ino[id] = 1 + id % INODES;
        dir.data_len += (uint32_t)(sizeof *entry + len);
    }
    assert_in_range(dir.data_len, ECLIPSEFS_BLOCK_SIZE, 10000);
    m.dir = dir;
    model_check(&m);
    for (uint32_t id = 0; id < MOST; id += 7)
        model_check_name(&m, id);
    assert_int_equal(model_add(&m, 0), -EOPNOTSUPP);
    assert_int_equal(model_remove(&m, 0), -EOPNOTSUPP);
    assert_int_equal(model_set(&m, 0), -EOPNOTSUPP);
    stop();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_changes),
        cmocka_unit_test(test_large_directory),
        cmocka_unit_test(test_walks_amid_changes),
        cmocka_unit_test(test_removing_what_was_read),
        cmocka_unit_test(test_long_lists_are_only_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
