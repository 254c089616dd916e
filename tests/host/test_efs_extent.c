/* Extents of files against a model: random runs and truncations, in records
 * and in blocks. */
// SOURCES: $(EFS_SRCS) tests/host/efs_rig.c

#include "efs_rig.h"

#include "abi/errno.h"
#include "fs/eclipsefs/file.h"
#include "fs/eclipsefs/record_block.h"
#include "lib/bits.h"
#include "store.h"

#define FILE_BLOCKS 40000u
#define DISK_BLOCKS 60000u

static struct efs_rig rig;
static struct efs_node node;
static uint32_t model[FILE_BLOCKS]; /* where each block is; 0: nowhere */
static uint64_t seed;

static int
setup(void **state)
{
    (void)state;
    seed = 1;
    memset(model, 0, sizeof model);
    rig_init(&rig, DISK_BLOCKS, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* Everything that the file says of its blocks is what the model has. */
static void
check_file(void)
{
    uint32_t logical = 0;
    struct efs_map map;

    while (logical < FILE_BLOCKS) {
        assert_int_equal(efs_extent_find(&rig.fs, &node, logical, &map), 0);
        assert_true(map.count > 0);
        uint32_t n = MIN(map.count, FILE_BLOCKS - logical);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(model[logical + i],
                             map.physical ? map.physical + i : 0);
        logical += n;
    }
}

static uint64_t
count_model(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < FILE_BLOCKS; i++)
        count += model[i] != 0;
    return count;
}

/* Gives [logical, logical + most) the blocks it lacks, as far as one hole and
 * one run go. */
static void
insert(uint32_t logical, uint32_t most, uint32_t goal)
{
    struct efs_run run;
    uint32_t n = 0;

    while (n < most && logical + n < FILE_BLOCKS && model[logical + n] == 0)
        n++;
    if (n == 0)
        return;
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(&rig.fs, n), 0);
    assert_int_equal(efs_run_take(&rig.fs, goal, n, &run), 0);
    assert_true(run.count > 0 && run.count <= n);
    node.size = MAX(node.size, (uint64_t)(logical + run.count) * BLOCK_SIZE);
    assert_int_equal(efs_run_use(&rig.fs, run), 0);
    assert_int_equal(efs_extent_insert(&rig.fs, &node, logical, run), 0);
    efs_space_unreserve(&rig.fs, n - run.count);
    rig_end(&rig);
    for (uint32_t i = 0; i < run.count; i++)
        model[logical + i] = run.start + i;
}

static void
truncate_to(uint32_t blocks)
{
    int more;

    node.size = (uint64_t)blocks * BLOCK_SIZE;
    do {
        rig_begin(&rig);
        more = efs_extent_truncate(&rig.fs, &node, blocks);
        assert_in_range(more, 0, 1);
        rig_end(&rig);
    } while (more);
    for (uint32_t i = blocks; i < FILE_BLOCKS; i++)
        model[i] = 0;
}

/* Reads the record anew, from the disk if there has been a remount. */
static void
reread(void)
{
    struct efs_node again;
    assert_int_equal(efs_node_read(&rig.fs, node.ino, &again), 0);
    assert_int_equal(again.layout, node.layout);
    assert_int_equal(again.size, node.size);
    assert_int_equal(again.data_len, node.data_len);
    node = again;
}

static void
remount(void)
{
    rig_remount(&rig);
    reread();
    check_file();
    rig_check(&rig.fs);
}

/* Blocks of extents. */
static uint32_t
index_blocks(void)
{
    assert_int_equal(node.layout, EFS_EXTENT_INDEX);
    return node.data_len / sizeof(struct efsx_index);
}

static void
test_random_runs(void **state)
{
    (void)state;
    uint64_t free = rig_count_free(&rig);
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            uint32_t most = 1 + rig_random(&seed, i % 3 ? 4 : 40);
            insert(rig_random(&seed, FILE_BLOCKS), most,
                   rig_random(&seed, DISK_BLOCKS));
            if (i % 1000 == 999)
                check_file();
        }
        remount();
        truncate_to(rig_random(&seed, FILE_BLOCKS));
        check_file();
        remount();
    }
    uint64_t count;
    assert_int_equal(efs_extent_count(&rig.fs, &node, &count), 0);
    assert_int_equal(free - rig_count_free(&rig), count);
    assert_true(count >= count_model());
    truncate_to(0);
    assert_int_equal(node.layout, EFS_INLINE);
    assert_int_equal(rig_count_free(&rig), free);
    remount();
    assert_int_equal(rig_count_free(&rig), free);
    assert_int_equal(efs_space_free_blocks(&rig.fs), free);
}

/* Single blocks that never join, from the first one on: every block of
 * extents but the last is full; from the last one on: half full at least. */
static void
test_order_of_insertion(void **state)
{
    const uint32_t count = 3390; /* ten blocks of 339 */

    (void)state;
    for (uint32_t i = 0; i < count; i++)
        insert(2 * i, 1, 0);
    assert_int_equal(index_blocks(), 10);
    check_file();
    truncate_to(0);
    for (uint32_t i = count; i-- > 0;)
        insert(2 * i, 1, 0);
    assert_in_range(index_blocks(), 10, 20);
    check_file();
    remount();

    /* What was between them, right behind its neighbour or not. */
    for (uint32_t i = 0; i < count; i++)
        insert(2 * i + 1, 1, i % 2 ? 50000 : model[2 * i] + 1);
    check_file();
    remount();
}

static void
test_neighbours_join(void **state)
{
    struct efs_run runs[4];

    (void)state;
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(&rig.fs, 40), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(efs_run_take(&rig.fs, 30000 + 10 * i, 10, &runs[i]),
                         0);
        assert_int_equal(efs_run_use(&rig.fs, runs[i]), 0);
    }
    node.size = 60 * BLOCK_SIZE;
    static const struct {
        unsigned run, logical, extents;
    } steps[] = {{0, 10, 1}, {2, 30, 2}, {1, 20, 1}, {3, 50, 2}};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(efs_extent_insert(&rig.fs, &node, steps[i].logical,
                                           runs[steps[i].run]),
                         0);
        assert_int_equal(node.data_len,
                         steps[i].extents * sizeof(struct efsx_extent));
    }
    rig_end(&rig);
    struct efs_map map;
    assert_int_equal(efs_extent_find(&rig.fs, &node, 12, &map), 0);
    assert_int_equal(map.physical, 30002);
    assert_int_equal(map.count, 28);
    assert_int_equal(efs_extent_find(&rig.fs, &node, 0, &map), 0);
    assert_int_equal(map.physical, 0);
    assert_int_equal(map.count, 10);
    assert_int_equal(efs_extent_find(&rig.fs, &node, UINT32_MAX, &map), 0);
    assert_int_equal(map.physical, 0);
    assert_int_equal(map.count, 1);
}

static void
test_blocks_at_the_end_of_a_file(void **state)
{
    struct efs_map map;
    struct efs_run run;

    (void)state;
    rig_begin(&rig);
    assert_int_equal(efs_space_reserve(&rig.fs, 8), 0);
    assert_int_equal(efs_run_take(&rig.fs, 0, 8, &run), 0);
    assert_int_equal(efs_run_use(&rig.fs, run), 0);
    node.size = EFS_BLOCKS_MAX * BLOCK_SIZE;
    assert_int_equal(efs_extent_insert(&rig.fs, &node, UINT32_MAX - 7, run), 0);
    rig_end(&rig);
    reread();
    assert_int_equal(efs_extent_find(&rig.fs, &node, UINT32_MAX, &map), 0);
    assert_int_equal(map.physical, run.start + 7);
    assert_int_equal(map.count, 1);
    assert_int_equal(efs_extent_find(&rig.fs, &node, 0, &map), 0);
    assert_int_equal(map.physical, 0);
    assert_int_equal(map.count, UINT32_MAX - 7);
}

static void
test_sparse_file_without_blocks(void **state)
{
    (void)state;
    insert(5, 1, 0);
    node.size = 7 * BLOCK_SIZE;
    rig_begin(&rig);
    assert_int_equal(efs_extent_truncate(&rig.fs, &node, 5), 0);
    rig_end(&rig);
    rig_remount(&rig);
    reread();
    assert_int_equal(node.layout, EFS_EXTENTS);
    assert_int_equal(node.data_len, 0);
    assert_int_equal(efs_node_length(&node), 7 * BLOCK_SIZE);
}

/* Extents all over a large disk: a change can touch few of its bitmap's
 * blocks, so the file goes in pieces. */
static void
test_large_disk(void **state)
{
    const uint32_t bitmaps = 32;
    uint64_t rounds = 0;
    int more;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, bitmaps * EFSX_BITMAP_BITS, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    uint64_t free = efs_space_free_blocks(&rig.fs);
    for (uint32_t i = 0; i < 400; i++)
        insert(2 * i, 1, (i * 7 % bitmaps + 1) * EFSX_BITMAP_BITS - 500);
    assert_int_equal(index_blocks(), 2);
    node.size = 0;
    do {
        rig_begin(&rig);
        more = efs_extent_truncate(&rig.fs, &node, 0);
        assert_in_range(more, 0, 1);
        assert_int_equal(efs_inode_set_orphan(&rig.fs, node.ino, more), 0);
        rig_end(&rig);
        rounds++;
    } while (more);
    assert_in_range(rounds, 400 / 24, 400);
    assert_int_equal(efs_commit(&rig.fs), 0);
    assert_int_equal(efs_space_free_blocks(&rig.fs), free);
    assert_int_equal(rig_count_free(&rig), free);
}

static void
test_too_many_extents(void **state)
{
    const uint32_t most = 496 * 339;
    struct efs_run run;
    uint64_t count;
    int err = 0;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 2 * most + 5000, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    uint64_t free = efs_space_free_blocks(&rig.fs);
    struct efs_node before = node;
    uint32_t n = 0;
    while (!err) {
        before = node;
        rig_begin(&rig);
        node.size = (2 * n + 1) * (uint64_t)BLOCK_SIZE;
        assert_int_equal(efs_space_reserve(&rig.fs, 1), 0);
        assert_int_equal(efs_run_take(&rig.fs, 0, 1, &run), 0);
        assert_int_equal(efs_run_use(&rig.fs, run), 0);
        err = efs_extent_insert(&rig.fs, &node, 2 * n, run);
        n += !err;
        assert_int_equal(efs_end(&rig.fs, err), err);
    }
    assert_int_equal(err, -EFBIG);
    assert_int_equal(n, most);
    node = before;
    assert_int_equal(efs_extent_count(&rig.fs, &node, &count), 0);
    assert_int_equal(count, most + 496);
    rig_remount(&rig);
    reread();
    rig_begin(&rig); /* for what that change had taken is forgotten now */
    rig_end(&rig);
    assert_int_equal(efs_space_free_blocks(&rig.fs), free - count);
    truncate_to(0);
    assert_int_equal(efs_commit(&rig.fs), 0);
    assert_int_equal(efs_space_free_blocks(&rig.fs), free);
}

/* Whatever is promised can be written, to the last block, though every block
 * becomes an extent of its own in a file whose extents fill their blocks. */
static void
test_promises_are_kept(void **state)
{
    uint32_t promised = 0;
    struct efs_run run;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 2500, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    for (uint32_t i = 0; i < 330; i++)
        insert(2 * i, 1, 0);
    rig_begin(&rig);
    while (efs_space_reserve(&rig.fs, 1) == 0)
        promised++;
    rig_end(&rig);
    for (uint32_t i = 330; promised > 0; i++, promised--) {
        rig_begin(&rig);
        assert_int_equal(efs_run_take(&rig.fs, 0, 1, &run), 0);
        assert_int_equal(efs_run_use(&rig.fs, run), 0);
        node.size = (2 * i + 1) * (uint64_t)BLOCK_SIZE;
        assert_int_equal(efs_extent_insert(&rig.fs, &node, 2 * i, run), 0);
        rig_end(&rig);
    }
}

/* ---- Damage ---- */

/* Random bytes in a block of extents and in the record, with right checksums:
 * every call says so or makes do. */
static void
test_random_damage(void **state)
{
    (void)state;
    rig_free(&rig);
    rig_init(&rig, 2000, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_end(&rig);
    for (uint32_t i = 0; i < 1000; i++)
        insert(2 * i, 1, 0);
    rig_unmount(&rig);
    uint8_t *sound = malloc(rig.size);
    memcpy(sound, rig.image, rig.size);
    uint8_t *record = rig_block(&rig, node.data / BLOCK_SIZE);
    for (unsigned round = 0; round < 1000; round++) {
        uint8_t *at = record + node.data % BLOCK_SIZE + 4;
        uint8_t *block = rig_block(
            &rig, le32_load(at + 8 * rig_random(&seed, index_blocks())));
        for (unsigned i = rig_random(&seed, 4); i > 0; i--)
            block[rig_random(&seed, 300)] = (uint8_t)rig_random(&seed, 256);
        if (round % 3 == 0)
            at[rig_random(&seed, node.data_len)] ^= 1u << round % 8;
        efs_seal(block);
        efs_node_seal(record);
        rig_mount(&rig);
        struct efs_node again;
        uint64_t count;
        int err = efs_node_read(&rig.fs, node.ino, &again);
        for (unsigned i = 0; i < 10 && !err; i++) {
            struct efs_map map;
            err =
                efs_extent_find(&rig.fs, &again, rig_random(&seed, 3000), &map);
        }
        if (!err)
            err = efs_extent_count(&rig.fs, &again, &count);
        assert_true(err == 0 || err == -EUCLEAN);
        while (!err && efs_begin(&rig.fs) == 0) {
            int more = efs_extent_truncate(&rig.fs, &again, round % 1500);
            err = efs_end(&rig.fs, MIN(more, 0)) || more == 0;
        }
        efs_stop(&rig.fs);
        memcpy(rig.image, sound, rig.size);
    }
    free(sound);
    rig_mount(&rig);
    check_file();
}

/* ---- Storing files ---- */

static int
give(void *context, uint64_t offset, void *dst, size_t n)
{
    memcpy(dst, (const uint8_t *)context + offset, n);
    return 0;
}

static void
test_store(void **state)
{
    static const uint32_t sizes[] = {
        0,      1, EFS_VALUE_MAX, EFS_VALUE_MAX + 1, 4096, 4097, 5000000, 3,
        900000, 0};
    uint8_t *data = malloc(5000000), *copy = malloc(5000000);
    uint64_t free_blocks = efs_space_free_blocks(&rig.fs);

    (void)state;
    for (uint32_t i = 0; i < 5000000; i++)
        data[i] = (uint8_t)rig_random(&seed, 256);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(efs_store(&rig.fs, &node, sizes[i], give, data), 0);
        for (unsigned pass = 0; pass < 2; pass++) {
            assert_int_equal(efs_node_length(&node), sizes[i]);
            assert_int_equal(efs_file_read(&rig.fs, &node, 0, copy, 5000000),
                             sizes[i]);
            assert_memory_equal(copy, data, sizes[i]);
            rig_remount(&rig);
            reread();
        }
    }
    assert_int_equal(efs_space_free_blocks(&rig.fs), free_blocks);
    free(data);
    free(copy);
}

static void
test_store_fills_the_disk(void **state)
{
    uint8_t *data = calloc(1, 2000 * BLOCK_SIZE);
    struct efs_node other;

    (void)state;
    rig_free(&rig);
    rig_init(&rig, 1000, 64);
    rig_begin(&rig);
    rig_create(&rig, &node);
    rig_create(&rig, &other);
    rig_end(&rig);
    uint64_t free_blocks = efs_space_free_blocks(&rig.fs);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(
            efs_store(&rig.fs, &node, 2000 * BLOCK_SIZE, give, data), -ENOSPC);
        assert_in_range(efs_space_free_blocks(&rig.fs), 0, 2);
    }
    assert_int_equal(efs_store(&rig.fs, &node, 0, give, data), 0);
    assert_int_equal(
        efs_store(&rig.fs, &other, (free_blocks - 1) * BLOCK_SIZE, give, data),
        0);
    free(data);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_random_runs),
        TEST(test_order_of_insertion),
        TEST(test_neighbours_join),
        TEST(test_blocks_at_the_end_of_a_file),
        TEST(test_sparse_file_without_blocks),
        TEST(test_large_disk),
        TEST(test_too_many_extents),
        TEST(test_promises_are_kept),
        TEST(test_random_damage),
        TEST(test_store),
        TEST(test_store_fills_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
