/* What is free on an extended image: blocks, reservations, inodes; what
 * cancelled changes and commits do to them. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c

#include "efs_rig.h"

#include "abi/errno.h"

#define BLOCKS 400u
#define INODES 512u

static struct efs_rig rig;
static struct efs *fs = &rig.fs;

static int
setup(void **state)
{
    (void)state;
    rig_init(&rig, BLOCKS, INODES);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static void
cancel(void)
{
    assert_int_equal(efs_end(fs, -EINTR), -EINTR);
}

/* ---- Blocks ---- */

static void
test_blocks_are_taken_near_the_goal(void **state)
{
    uint32_t a, b, c;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(rig_alloc(&rig, 200, &a), 0);
    assert_int_equal(rig_alloc(&rig, 200, &b), 0);
    assert_int_equal(rig_alloc(&rig, BLOCKS - 1, &c), 0);
    assert_int_equal(a, 200);
    assert_int_equal(b, 201);
    assert_int_equal(c, BLOCKS - 1);
    assert_int_equal(rig_alloc(&rig, BLOCKS - 1, &c), 0);
    assert_int_equal(c, fs->records / ECLIPSEFS_BLOCK_SIZE + 1);
    rig_end(&rig);
}

static void
test_cancelled_change_takes_nothing(void **state)
{
    uint64_t free = efs_space_free_blocks(fs);
    uint32_t first, block;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(rig_alloc(&rig, 200, &first), 0);
    assert_int_equal(rig_alloc(&rig, 200, &block), 0);
    assert_int_equal(efs_block_free(fs, first), 0);
    assert_int_equal(efs_space_free_blocks(fs), free - 2);
    cancel();
    rig_expect_free(&rig, free);
    rig_begin(&rig);
    assert_int_equal(rig_alloc(&rig, 200, &block), 0);
    assert_int_equal(block, first);
    rig_end(&rig);
    rig_expect_free(&rig, free - 1);
    rig_remount(&rig);
    rig_expect_free(&rig, free - 1);
}

static void
test_freed_blocks_wait_for_the_commit(void **state)
{
    uint32_t last, block;

    (void)state;
    assert_int_equal(rig_fill(&rig, &last),
                     BLOCKS - fs->records / BLOCK_SIZE - 1);
    assert_int_equal(efs_commit(fs), 0);
    rig_begin(&rig);
    assert_int_equal(efs_block_free(fs, last), 0);
    assert_int_equal(efs_block_free(fs, last - 7), 0);
    rig_end(&rig);
    assert_int_equal(efs_space_free_blocks(fs), 0);
    assert_int_equal(rig_count_free(&rig), 2);
    assert_int_equal(rig_fill(&rig, &block), 0);
    assert_int_equal(efs_commit(fs), 0);
    rig_expect_free(&rig, 2);
    assert_int_equal(rig_fill(&rig, &block), 2);
}

static void
test_cancelled_free_frees_nothing(void **state)
{
    uint32_t block, kept;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(rig_alloc(&rig, 100, &block), 0);
    assert_int_equal(rig_alloc(&rig, 100, &kept), 0);
    rig_end(&rig);
    uint64_t free = efs_space_free_blocks(fs);
    rig_begin(&rig);
    assert_int_equal(efs_block_free(fs, kept), 0);
    rig_end(&rig);
    rig_begin(&rig);
    assert_int_equal(efs_block_free(fs, block), 0);
    cancel();
    assert_int_equal(efs_commit(fs), 0);
    rig_expect_free(&rig, free + 1);
}

static void
test_wrong_frees_break_the_image(void **state)
{
    static const uint32_t wrong[] = {0, 5, 90, 399, BLOCKS, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        rig_begin(&rig);
        assert_int_equal(efs_block_free(fs, wrong[i]), -EUCLEAN);
        assert_int_equal(efs_end(fs, -EUCLEAN), -EUCLEAN);
        assert_true(fs->broken);
        assert_int_equal(efs_begin(fs), -EROFS);
        efs_stop(fs);
        rig_mount(&rig);
    }
}

/* Runs over the boundary between two blocks of the bitmap. */
static void
test_runs_across_the_bitmap(void **state)
{
    struct efs_run run;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 3 * EFSX_BITMAP_BITS, 16);
    uint64_t free = efs_space_free_blocks(fs);
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(fs, 40000), 0);
    assert_int_equal(efs_run_take(fs, 30000, 40000, &run), 0);
    assert_int_equal(run.start, 30000);
    assert_int_equal(run.count, 40000);
    assert_int_equal(efs_run_use(fs, run), 0);
    rig_end(&rig);
    rig_expect_free(&rig, free - 40000);
    rig_remount(&rig);
    rig_begin(&rig);
    run = (struct efs_run){32000, 34000};
    assert_int_equal(efs_run_free(fs, run), 0);
    rig_end(&rig);
    assert_int_equal(efs_commit(fs), 0);
    rig_expect_free(&rig, free - 6000);
}

/* ---- Reservations ---- */

static void
test_reserved_blocks_are_kept(void **state)
{
    uint64_t free = efs_space_free_blocks(fs);
    struct efs_run run;
    uint32_t block;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(fs, free / 2 + 1), -ENOSPC);
    assert_int_equal(efs_space_reserve(fs, UINT64_MAX), -ENOSPC);
    assert_int_equal(efs_space_reserve(fs, 100), 0);
    rig_end(&rig);
    assert_int_equal(efs_space_free_blocks(fs), free - 100);
    assert_int_equal(rig_fill(&rig, &block), free - 200);

    /* Data finds its blocks, and each run makes room for an extent. */
    for (unsigned i = 0; i < 100; i++) {
        rig_begin(&rig);
        assert_int_equal(efs_run_take(fs, 0, 1, &run), 0);
        assert_int_equal(rig_alloc(&rig, 0, &block), -ENOSPC);
        assert_int_equal(efs_run_use(fs, run), 0);
        assert_int_equal(rig_alloc(&rig, 0, &block), 0);
        rig_end(&rig);
    }
    rig_expect_free(&rig, 0);
}

static void
test_taken_runs_come_back(void **state)
{
    uint64_t free = efs_space_free_blocks(fs);
    struct efs_run run, again;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(fs, 10), 0);
    assert_int_equal(efs_run_take(fs, 150, 10, &run), 0);
    rig_end(&rig);
    assert_int_equal(run.start, 150);
    assert_int_equal(run.count, 10);

    /* A change that is cancelled leaves the run taken. */
    rig_begin(&rig);
    assert_int_equal(efs_run_use(fs, run), 0);
    cancel();
    assert_int_equal(efs_space_free_blocks(fs), free - 10);
    rig_begin(&rig);
    assert_int_equal(efs_run_take(fs, 150, 1, &again), 0);
    assert_int_equal(again.start, 160);
    efs_run_return(fs, again);
    efs_run_return(fs, run);
    assert_int_equal(efs_run_take(fs, 150, 1, &again), 0);
    assert_int_equal(again.start, 150);
    efs_run_return(fs, again);
    efs_space_unreserve(fs, 10);
    rig_end(&rig);
    rig_expect_free(&rig, free);
}

/* ---- Inodes ---- */

static void
test_all_inodes(void **state)
{
    struct efs_node node;
    uint32_t ino;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 2000, 1024);
    for (uint32_t i = 2; i <= 1024; i++) {
        rig_begin(&rig);
        rig_create(&rig, &node);
        assert_int_equal(node.ino, i);
        rig_end(&rig);
    }
    assert_int_equal(efs_space_free_inodes(fs), 0);
    rig_begin(&rig);
    assert_int_equal(efs_inode_alloc(fs, 0, &ino), -ENOSPC);
    cancel();
    rig_remount(&rig);
    assert_int_equal(efs_space_free_inodes(fs), 0);
    rig_begin(&rig);
    assert_int_equal(efs_inode_free(fs, 77), 0);
    assert_int_equal(efs_inode_free(fs, 700), 0);
    rig_end(&rig);
    assert_int_equal(efs_node_read(fs, 77, &node), -EUCLEAN);
    assert_int_equal(efs_space_free_inodes(fs), 2);
    rig_begin(&rig);
    rig_create(&rig, &node);
    assert_int_equal(node.ino, 77);
    cancel();
    assert_int_equal(efs_space_free_inodes(fs), 2);
    rig_begin(&rig);
    rig_create(&rig, &node);
    assert_int_equal(node.ino, 700);
    rig_create(&rig, &node);
    assert_int_equal(node.ino, 77);
    rig_end(&rig);
    for (uint32_t i = 1; i <= 1024; i++)
        assert_int_equal(efs_node_read(fs, i, &node), 0);
}

static void
test_orphans(void **state)
{
    struct efs_node nodes[600];
    uint32_t ino;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 2000, 1024);
    for (unsigned i = 0; i < ARRAY_LEN(nodes); i++) {
        rig_begin(&rig);
        rig_create(&rig, &nodes[i]);
        if (i % 100 == 3)
            assert_int_equal(efs_inode_set_orphan(fs, nodes[i].ino, true), 0);
        rig_end(&rig);
    }
    rig_begin(&rig);
    assert_int_equal(efs_inode_set_orphan(fs, nodes[203].ino, false), 0);
    rig_end(&rig);
    assert_int_equal(efs_node_read(fs, nodes[103].ino, &nodes[0]), 0);
    ino = 0;
    for (unsigned i = 3; i < ARRAY_LEN(nodes); i += 100) {
        if (i == 203)
            continue;
        assert_int_equal(efs_inode_next_orphan(fs, ino, &ino), 0);
        assert_int_equal(ino, nodes[i].ino);
    }
    assert_int_equal(efs_inode_next_orphan(fs, ino, &ino), 0);
    assert_int_equal(ino, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_blocks_are_taken_near_the_goal),
        TEST(test_cancelled_change_takes_nothing),
        TEST(test_freed_blocks_wait_for_the_commit),
        TEST(test_cancelled_free_frees_nothing),
        TEST(test_wrong_frees_break_the_image),
        TEST(test_runs_across_the_bitmap),
        TEST(test_reserved_blocks_are_kept),
        TEST(test_taken_runs_come_back),
        TEST(test_all_inodes),
        TEST(test_orphans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
