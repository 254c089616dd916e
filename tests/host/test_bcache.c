/* The block cache over a device that completes requests when told to. */
// SOURCES: kernel/fs/bcache.c kernel/fs/buf.c kernel/fs/readahead.c
// SOURCES: kernel/dev/blockdev.c
// SOURCES: mkfs/host_kernel.c

#include "fs/bcache.h"

#include "abi/errno.h"
#include "host_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS      600u
#define QUEUE_MAX   64u
#define CACHE_SMALL 64u
#define CACHE_LARGE 4096u

/* Block b is full of the byte content(b); some blocks cannot be read. */
static struct {
    struct blockdev dev;
    struct blkreq *queue[QUEUE_MAX];
    unsigned queued, most_queued;
    unsigned requests, most_blocks;
    bool bad[BLOCKS];
    void (*before_completion)(void);
} disk;

static uint8_t
content(uint64_t block)
{
    return (uint8_t)(block * 7 + 1);
}

static void
disk_submit(struct blockdev *dev, struct blkreq *req)
{
    (void)dev;
    assert_true(disk.queued < QUEUE_MAX);
    disk.queue[disk.queued++] = req;
    disk.most_queued = MAX(disk.most_queued, disk.queued);
    disk.most_blocks = MAX(disk.most_blocks, req->nvec);
    disk.requests++;
}

static void
disk_kick(struct blockdev *dev)
{
    (void)dev;
}

static void
complete(struct blkreq *req)
{
    uint64_t block = req->sector / (BLOCK_SIZE / SECTOR_SIZE);

    req->status = 0;
    for (unsigned i = 0; i < req->nvec; i++, block++) {
        memset(req->vec[i].base, content(block), req->vec[i].len);
        if (disk.bad[block])
            req->status = -EIO;
    }
    req->done(req);
}

/* The newest first: the order of completion is the device's business. */
static void
disk_idle(void)
{
    if (disk.before_completion) {
        void (*hook)(void) = disk.before_completion;
        disk.before_completion = NULL;
        hook();
        return;
    }
    assert_true(disk.queued > 0);
    complete(disk.queue[--disk.queued]);
}

static void
drain(void)
{
    while (disk.queued > 0)
        disk_idle();
}

static const struct blockdev_ops disk_ops = {.submit = disk_submit,
                                             .kick = disk_kick};

static int
setup(void **state)
{
    (void)state;
    drain();
    bcache_drop(NULL);
    memset(&disk, 0, sizeof disk);
    disk.dev = (struct blockdev){
        .name = "fake",
        .ops = &disk_ops,
        .sectors = BLOCKS * (BLOCK_SIZE / SECTOR_SIZE),
        .max_vec = 64,
        .max_bytes = 1u << 20,
        .read_only = true,
    };
    host_kernel_idle = disk_idle;
    bcache_init(CACHE_LARGE);
    return 0;
}

/* Reads block, checks every byte, and gives it back. */
static void
check_block(uint64_t block)
{
    uint8_t expected[BLOCK_SIZE];
    struct buf *buf;

    memset(expected, content(block), sizeof expected);
    assert_int_equal(bcache_get(&disk.dev, block, &buf), 0);
    assert_memory_equal(bcache_data(buf), expected, sizeof expected);
    bcache_put(buf);
}

static unsigned
requests_for(uint64_t block)
{
    unsigned before = disk.requests;
    check_block(block);
    return disk.requests - before;
}

static void
test_second_read_is_a_hit(void **state)
{
    struct bcache_stats stats;

    (void)state;
    assert_int_equal(requests_for(5), 1);
    assert_int_equal(requests_for(5), 0);
    bcache_get_stats(&stats);
    assert_int_equal(stats.misses, 1);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.blocks, 1);
}

static void
test_past_the_end(void **state)
{
    struct buf *buf;

    (void)state;
    assert_int_equal(bcache_get(&disk.dev, BLOCKS, &buf), -EIO);
    assert_int_equal(bcache_get(&disk.dev, UINT64_MAX, &buf), -EIO);
    check_block(BLOCKS - 1);
    assert_int_equal(disk.requests, 1);
}

static void
test_last_block_is_filled_with_zeros(void **state)
{
    static const uint8_t zeros[BLOCK_SIZE];
    struct buf *buf;

    (void)state;
    disk.dev.sectors -= 5;
    assert_int_equal(bcache_get(&disk.dev, BLOCKS - 1, &buf), 0);
    const uint8_t *data = bcache_data(buf);
    size_t present = 3 * SECTOR_SIZE;
    assert_int_equal(data[0], content(BLOCKS - 1));
    assert_int_equal(data[present - 1], content(BLOCKS - 1));
    assert_memory_equal(data + present, zeros, BLOCK_SIZE - present);
    bcache_put(buf);
}

static void
test_least_recently_used_goes_first(void **state)
{
    struct bcache_stats stats;

    (void)state;
    bcache_init(CACHE_SMALL);
    for (unsigned i = 0; i < CACHE_SMALL; i++)
        check_block(400 - 3 * i);
    check_block(400);
    check_block(500);
    bcache_get_stats(&stats);
    assert_int_equal(stats.blocks, CACHE_SMALL);
    assert_int_equal(requests_for(400), 0);
    assert_int_equal(requests_for(394), 0);
    assert_int_equal(requests_for(397), 1);
}

static void
test_held_blocks_stay(void **state)
{
    struct buf *bufs[CACHE_SMALL + 10];
    struct bcache_stats stats;

    (void)state;
    bcache_init(CACHE_SMALL);
    for (unsigned i = 0; i < ARRAY_LEN(bufs); i++)
        assert_int_equal(bcache_get(&disk.dev, 500 - 3 * i, &bufs[i]), 0);
    for (unsigned i = 0; i < ARRAY_LEN(bufs); i++)
        assert_int_equal(bcache_data(bufs[i])[17], content(500 - 3 * i));
    for (unsigned i = 0; i < ARRAY_LEN(bufs); i++)
        bcache_put(bufs[i]);
    check_block(503); /* the next block brings the cache back to its limit */
    bcache_get_stats(&stats);
    assert_int_equal(stats.blocks, CACHE_SMALL);
}

static void
test_error_is_not_cached(void **state)
{
    struct buf *buf;

    (void)state;
    disk.bad[9] = true;
    assert_int_equal(bcache_get(&disk.dev, 9, &buf), -EIO);
    assert_null(buf);
    assert_int_equal(bcache_get(&disk.dev, 9, &buf), -EIO);
    disk.bad[9] = false;
    check_block(9);
}

/* A bad block spoils the request it is read by, not its neighbours. */
static void
test_error_in_the_middle_of_a_request(void **state)
{
    struct buf *buf;

    (void)state;
    disk.bad[40] = true;
    for (unsigned b = 20; b < 70; b++) {
        if (b == 40)
            assert_int_equal(bcache_get(&disk.dev, b, &buf), -EIO);
        else
            check_block(b);
    }
    assert_true(disk.most_blocks > 1);
}

static struct buf *second;
static int second_err;

static void
come_second(void)
{
    second_err = bcache_get(&disk.dev, 30, &second);
}

static void
test_second_comer_waits_for_the_same_request(void **state)
{
    struct buf *first;

    (void)state;
    disk.before_completion = come_second;
    assert_int_equal(bcache_get(&disk.dev, 30, &first), 0);
    assert_int_equal(second_err, 0);
    assert_ptr_equal(first, second);
    assert_int_equal(disk.requests, 1);
    bcache_put(first);
    assert_int_equal(bcache_data(second)[0], content(30));
    bcache_put(second);
}

static void
test_second_comer_gets_the_error_too(void **state)
{
    struct buf *first;

    (void)state;
    disk.bad[30] = true;
    disk.before_completion = come_second;
    assert_int_equal(bcache_get(&disk.dev, 30, &first), -EIO);
    assert_int_equal(second_err, -EIO);
    assert_int_equal(disk.requests, 1);
}

/* Both wait for a request for many blocks, which fails for another's sake. */
static void
test_waiters_survive_a_bad_neighbour(void **state)
{
    struct buf *first;

    (void)state;
    disk.bad[40] = true;
    bcache_read_ahead(&disk.dev, 20, 32);
    disk.before_completion = come_second;
    assert_int_equal(bcache_get(&disk.dev, 30, &first), 0);
    assert_int_equal(second_err, 0);
    assert_int_equal(bcache_data(first)[9], content(30));
    bcache_put(first);
    bcache_put(second);
    assert_int_equal(bcache_get(&disk.dev, 40, &first), -EIO);
}

static void
test_sequential_reading_is_batched(void **state)
{
    struct bcache_stats stats;

    (void)state;
    for (unsigned b = 0; b < BLOCKS; b++)
        check_block(b);
    bcache_get_stats(&stats);
    assert_int_equal(stats.read_blocks, BLOCKS);
    assert_int_equal(stats.misses, 2); /* from then on it is ahead */
    assert_int_equal(disk.most_blocks, 32);
    assert_in_range(disk.requests, 1, 32);
    assert_in_range(disk.most_queued, 2, QUEUE_MAX);
}

static void
test_device_limits_are_kept(void **state)
{
    struct bcache_stats stats;

    (void)state;
    disk.dev.max_vec = 8;
    for (unsigned b = 0; b < 200; b++)
        check_block(b);
    assert_int_equal(disk.most_blocks, 8);

    drain();
    disk.most_blocks = 0;
    disk.dev.max_vec = 64;
    disk.dev.max_bytes = 3 * BLOCK_SIZE + 100;
    for (unsigned b = 300; b < 500; b++)
        check_block(b);
    assert_int_equal(disk.most_blocks, 3);
    bcache_get_stats(&stats);
    assert_int_equal(stats.reads, disk.requests); /* none was refused */
}

static void
test_random_reading_reads_nothing_ahead(void **state)
{
    struct bcache_stats stats;
    uint32_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        seed = seed * 1664525 + 1013904223;
        check_block((seed >> 8) % (BLOCKS / 2) * 2);
    }
    bcache_get_stats(&stats);
    assert_int_equal(stats.read_blocks, stats.misses);
    assert_int_equal(disk.most_blocks, 1);
}

static void
test_two_streams_are_told_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 250; i++) {
        check_block(i);
        check_block(300 + i);
    }
    assert_in_range(disk.requests, 1, 40);
}

static void
test_hint_starts_one_large_request(void **state)
{
    struct bcache_stats stats;

    (void)state;
    bcache_read_ahead(&disk.dev, 100, 32);
    assert_int_equal(disk.queued, 1);
    assert_int_equal(disk.most_blocks, 32);
    bcache_read_ahead(&disk.dev, 100, 32);
    assert_int_equal(disk.requests, 1);
    for (unsigned b = 100; b < 132; b++)
        assert_int_equal(requests_for(b), 0);
    bcache_get_stats(&stats);
    assert_int_equal(stats.misses, 0);

    bcache_read_ahead(&disk.dev, BLOCKS - 2, 32);
    drain();
    bcache_get_stats(&stats);
    assert_int_equal(stats.blocks, 34);
}

/* Blocks in the cache already split a request, and are not read again. */
static void
test_cached_blocks_are_skipped(void **state)
{
    struct bcache_stats stats;

    (void)state;
    check_block(210);
    bcache_read_ahead(&disk.dev, 200, 20);
    assert_int_equal(disk.queued, 2);
    drain();
    bcache_get_stats(&stats);
    assert_int_equal(stats.read_blocks, 20);
}

static void
test_drop_forgets(void **state)
{
    struct bcache_stats stats;

    (void)state;
    check_block(3);
    bcache_drop(&disk.dev);
    bcache_get_stats(&stats);
    assert_int_equal(stats.blocks, 0);
    assert_int_equal(requests_for(3), 1);
}

/* A block to be written whole is not read. */
static void
test_new_block_is_not_read(void **state)
{
    static const uint8_t zeros[BLOCK_SIZE];
    struct buf *buf;

    (void)state;
    assert_null(bcache_find(&disk.dev, 70));
    assert_int_equal(bcache_get_new(&disk.dev, 70, &buf), 0);
    assert_memory_equal(bcache_data(buf), zeros, BLOCK_SIZE);
    assert_int_equal(bcache_block(buf), 70);
    assert_null(*bcache_entry(buf));
    assert_false(*bcache_checked(buf));
    bcache_data(buf)[0] = 1;
    *bcache_checked(buf) = true;
    bcache_put(buf);

    struct buf *again;
    assert_int_equal(bcache_get(&disk.dev, 70, &again), 0);
    assert_ptr_equal(again, buf);
    assert_ptr_equal(bcache_find(&disk.dev, 70), buf);
    assert_true(*bcache_checked(buf));
    assert_int_equal(bcache_data(buf)[0], 1);
    assert_int_equal(disk.requests, 0);
    assert_int_equal(bcache_get_new(&disk.dev, BLOCKS, &buf), -EINVAL);
    bcache_put(again);
    bcache_put(again);
    bcache_drop(&disk.dev);
    check_block(70);
}

/* One that is just being read is waited for, and kept as it is. */
static void
test_new_block_that_is_being_read(void **state)
{
    struct buf *buf;

    (void)state;
    bcache_read_ahead(&disk.dev, 80, 4);
    assert_null(bcache_find(&disk.dev, 81));
    assert_int_equal(bcache_get_new(&disk.dev, 81, &buf), 0);
    assert_int_equal(bcache_data(buf)[3], content(81));
    bcache_put(buf);

    disk.bad[90] = true;
    bcache_read_ahead(&disk.dev, 90, 4);
    assert_int_equal(bcache_get_new(&disk.dev, 90, &buf), 0);
    assert_int_equal(bcache_data(buf)[3], 0);
    bcache_hold(buf);
    bcache_put(buf);
    bcache_put(buf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_second_read_is_a_hit, setup),
        cmocka_unit_test_setup(test_past_the_end, setup),
        cmocka_unit_test_setup(test_last_block_is_filled_with_zeros, setup),
        cmocka_unit_test_setup(test_least_recently_used_goes_first, setup),
        cmocka_unit_test_setup(test_held_blocks_stay, setup),
        cmocka_unit_test_setup(test_error_is_not_cached, setup),
        cmocka_unit_test_setup(test_error_in_the_middle_of_a_request, setup),
        cmocka_unit_test_setup(test_second_comer_waits_for_the_same_request,
                               setup),
        cmocka_unit_test_setup(test_second_comer_gets_the_error_too, setup),
        cmocka_unit_test_setup(test_waiters_survive_a_bad_neighbour, setup),
        cmocka_unit_test_setup(test_sequential_reading_is_batched, setup),
        cmocka_unit_test_setup(test_device_limits_are_kept, setup),
        cmocka_unit_test_setup(test_random_reading_reads_nothing_ahead, setup),
        cmocka_unit_test_setup(test_two_streams_are_told_apart, setup),
        cmocka_unit_test_setup(test_hint_starts_one_large_request, setup),
        cmocka_unit_test_setup(test_cached_blocks_are_skipped, setup),
        cmocka_unit_test_setup(test_drop_forgets, setup),
        cmocka_unit_test_setup(test_new_block_is_not_read, setup),
        cmocka_unit_test_setup(test_new_block_that_is_being_read, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
