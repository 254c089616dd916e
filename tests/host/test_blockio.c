/* Block transfers in bulk over a device that completes requests when told
 * to, the newest first. */
// SOURCES: kernel/fs/blockio.c kernel/dev/blockdev.c mkfs/host_kernel.c
// LIBS: -Wl,--wrap=kmalloc

#include "fs/blockio.h"

#include "abi/errno.h"
#include "fs/bcache.h"
#include "host_kernel.h"
#include "mm/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS        300u
#define QUEUE_MAX     300u
#define BLOCK_SECTORS (BLOCK_SIZE / SECTOR_SIZE)

static struct {
    struct blockdev dev;
    uint8_t *medium, *pages;
    struct blkreq *queue[QUEUE_MAX];
    unsigned queued, most_queued, requests, most_blocks;
    unsigned bad; /* a block that cannot be moved */
} disk;

static bool no_memory;

void *__wrap_kmalloc(size_t size);
void *__real_kmalloc(size_t size);

void *
__wrap_kmalloc(size_t size)
{
    return no_memory ? NULL : __real_kmalloc(size);
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
disk_idle(void)
{
    assert_true(disk.queued > 0);
    struct blkreq *req = disk.queue[--disk.queued];
    uint64_t block = req->sector / BLOCK_SECTORS;

    req->status = 0;
    for (unsigned i = 0; i < req->nvec; i++, block++) {
        uint8_t *at = disk.medium + block * BLOCK_SIZE;
        uint8_t *page = req->vec[i].base;
        assert_int_equal(req->vec[i].len, BLOCK_SIZE);
        memcpy(req->op == BLK_WRITE ? at : page,
               req->op == BLK_WRITE ? page : at, BLOCK_SIZE);
        if (block == disk.bad)
            req->status = -EIO;
    }
    req->done(req);
}

static const struct blockdev_ops disk_ops = {.submit = disk_submit};

static uint8_t *
page(unsigned block)
{
    return disk.pages + (size_t)block * BLOCK_SIZE;
}

static int
setup(void **state)
{
    size_t size = (size_t)BLOCKS * BLOCK_SIZE;

    (void)state;
    free(disk.medium);
    free(disk.pages);
    memset(&disk, 0, sizeof disk);
    disk.bad = BLOCKS;
    disk.medium = calloc(1, size);
    disk.pages = malloc(size);
    for (size_t i = 0; i < size; i++)
        disk.pages[i] = (uint8_t)(i / BLOCK_SIZE * 7 + i);
    disk.dev = (struct blockdev){
        .ops = &disk_ops,
        .sectors = BLOCKS * BLOCK_SECTORS,
        .max_vec = 128,
        .max_bytes = 1u << 20,
    };
    host_kernel_idle = disk_idle;
    no_memory = false;
    return 0;
}

static int
move(enum blk_op op, unsigned first, unsigned count)
{
    struct blockio io;

    blockio_init(&io, &disk.dev, op);
    for (unsigned b = first; b < first + count; b++)
        blockio_add(&io, b, page(b));
    int err = blockio_wait(&io);
    assert_int_equal(disk.queued, 0);
    return err;
}

static void
check_medium(unsigned first, unsigned count)
{
    assert_memory_equal(disk.medium + (size_t)first * BLOCK_SIZE, page(first),
                        (size_t)count * BLOCK_SIZE);
}

static void
test_nothing_to_do(void **state)
{
    (void)state;
    assert_int_equal(move(BLK_WRITE, 0, 0), 0);
    assert_int_equal(disk.requests, 0);
}

static void
test_neighbours_become_large_requests(void **state)
{
    (void)state;
    assert_int_equal(move(BLK_WRITE, 0, BLOCKS), 0);
    check_medium(0, BLOCKS);
    assert_int_equal(disk.most_blocks, 64);
    assert_int_equal(disk.requests, (BLOCKS + 63) / 64);
    assert_int_equal(disk.most_queued, disk.requests);

    memset(disk.pages, 0, (size_t)BLOCKS * BLOCK_SIZE);
    assert_int_equal(move(BLK_READ, 0, BLOCKS), 0);
    assert_int_equal(page(299)[5], (uint8_t)(299 * 7 + 5));
    check_medium(0, BLOCKS);
}

static void
test_device_limits_are_kept(void **state)
{
    (void)state;
    disk.dev.max_vec = 5;
    assert_int_equal(move(BLK_WRITE, 10, 23), 0);
    check_medium(10, 23);
    assert_int_equal(disk.most_blocks, 5);

    disk.dev.max_vec = 128;
    disk.dev.max_bytes = 3 * BLOCK_SIZE + SECTOR_SIZE;
    disk.most_blocks = 0;
    assert_int_equal(move(BLK_WRITE, 100, 10), 0);
    check_medium(100, 10);
    assert_int_equal(disk.most_blocks, 3);
}

static void
test_scattered_blocks(void **state)
{
    const unsigned order[] = {7, 8, 9, 3, 200, 201, 2, 1, 0};
    struct blockio io;

    (void)state;
    blockio_init(&io, &disk.dev, BLK_WRITE);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        blockio_add(&io, order[i], page(order[i]));
    assert_int_equal(blockio_wait(&io), 0);
    assert_int_equal(disk.requests, 6);
    check_medium(0, 4);
    check_medium(7, 3);
    check_medium(200, 2);
}

static void
test_an_error_is_reported_when_all_are_back(void **state)
{
    (void)state;
    disk.dev.max_vec = 8;
    disk.bad = 3;
    assert_int_equal(move(BLK_WRITE, 0, 100), -EIO);
    check_medium(8, 92);
    assert_int_equal(move(BLK_WRITE, 8, 100), 0);
    assert_int_equal(move(BLK_WRITE, BLOCKS, 1), -EIO);
}

static void
test_without_memory(void **state)
{
    (void)state;
    no_memory = true;
    assert_int_equal(move(BLK_WRITE, 20, 10), 0);
    check_medium(20, 10);
    assert_int_equal(disk.most_queued, 1);
    disk.bad = 25;
    assert_int_equal(move(BLK_WRITE, 20, 10), -EIO);
}

static int
teardown(void **state)
{
    (void)state;
    free(disk.medium);
    free(disk.pages);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_to_do, setup),
        cmocka_unit_test_setup(test_neighbours_become_large_requests, setup),
        cmocka_unit_test_setup(test_device_limits_are_kept, setup),
        cmocka_unit_test_setup(test_scattered_blocks, setup),
        cmocka_unit_test_setup(test_an_error_is_reported_when_all_are_back,
                               setup),
        cmocka_unit_test_setup(test_without_memory, setup),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
