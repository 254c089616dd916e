// Disks that answer wrongly, late, or not at all.
//
// SOURCES: kernel/virtio/virtq.c kernel/virtio/mmio.c kernel/virtio/driver.c
// SOURCES: kernel/virtio/handshake.c
// SOURCES: kernel/virtio/blk.c kernel/virtio/blk_queue.c
// SOURCES: kernel/virtio/blk_recovery.c kernel/dev/blockdev.c
// SOURCES: mkfs/host_kernel.c
// SOURCES: tests/host/kernel_shim.c tests/host/virtio_model.c
// SOURCES: tests/host/virtio_model_ring.c tests/host/blk_rig.c
// CFLAGS: -iquote tests/host/include
// LIBS: -Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc

#include "blk_rig.h"

#include "abi/errno.h"
#include "arch/layout.h"
#include "host_kernel.h"
#include "kernel_shim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Answers ---- */

static void
test_statuses(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        static const struct {
            enum model_lie lie;
            uint8_t answer;
            int err;
        } cases[] = {
            {LIE_NONE, VIRTIO_BLK_S_OK, 0},
            {LIE_STATUS_NONE, VIRTIO_BLK_S_OK, -EIO},
            {LIE_NONE, VIRTIO_BLK_S_IOERR, -EIO},
            {LIE_NONE, VIRTIO_BLK_S_UNSUPP, -EOPNOTSUPP},
            {LIE_NONE, 3, -EIO},
            {LIE_STATUS_WILD, VIRTIO_BLK_S_OK, -EIO},
        };
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
            struct io *io = io_new(i % 2 ? BLK_WRITE : BLK_READ, 8, 2, 512);
            uint64_t errors = disk->errors;
            m->lie = cases[i].lie;
            m->blk_answer = cases[i].answer;
            assert_int_equal(io_run(disk, io), cases[i].err);
            assert_int_equal(disk->errors, errors + (cases[i].err != 0));
            io_free(io);
            m->blk_answer = VIRTIO_BLK_S_OK;
        }
        assert_int_equal(shim_log_count("for a request at sector 8"), 3);
        blk_rig_check_works(disk);
        blk_rig_finish(disk);
    }
}

/* "OK", says the status; "I wrote nothing", says the length. */
static void
test_short_answers(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        struct io *io = io_new(BLK_READ, 8, 2, 512);
        m->lie = LIE_LEN_ZERO;
        assert_int_equal(io_run(disk, io), v->version == 1 ? 0 : -EIO);
        assert_int_equal(shim_log_count("0 of 1025 bytes written"),
                         v->version == 1 ? 0 : 1);
        io_free(io);
        blk_rig_check_works(disk);
        blk_rig_finish(disk);
    }
}

/* ---- Lies that break the queue ---- */

static void
check_lie(const struct variant *v, enum model_lie lie)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, v->version, v->features, 4 * MIB);
    struct io *ios[30];
    unsigned failed = 0, resets = m->resets;
    m->order = ORDER_SHUFFLED;
    m->lie = lie;
    m->lie_after = 7;
    for (unsigned i = 0; i < 30; i++) {
        ios[i] = io_new(BLK_READ, 8 * i, 1 + i % 4, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    io_wait(ios, 30);
    for (unsigned i = 0; i < 30; i++) {
        if (ios[i]->req.status == 0)
            io_check_read(ios[i]);
        else
            assert_int_equal(ios[i]->req.status, -EIO);
        failed += ios[i]->req.status != 0;
        io_free(ios[i]);
    }
    assert_true(failed > 0);
    assert_int_equal(shim_log_count("queue 0 is broken: "), 1);
    assert_int_equal(m->resets, resets + 1); /* it must let memory go */
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
    blk_rig_check_dead(disk);
    blk_rig_finish(disk);
}

static void
test_lies(void **state UNUSED)
{
    static const enum model_lie lies[] = {
        LIE_IDX_JUMPS,  LIE_IDX_ONE_EXTRA, LIE_ID_SIZE,  LIE_ID_HUGE,
        LIE_ID_WRAPPED, LIE_ID_FREE,       LIE_ID_TWICE,
    };
    for_each_variant(v)
    {
        for (unsigned i = 0; i < ARRAY_LEN(lies); i++)
            check_lie(v, lies[i]);
        if (!(v->features & VIRTIO_F_INDIRECT_DESC))
            check_lie(v, LIE_ID_NOT_HEAD);
        if (v->version == 2) {
            check_lie(v, LIE_LEN_ONE_MORE);
            check_lie(v, LIE_LEN_HUGE);
        }
    }
}

/* Used again after it has come back, with nothing else in flight. */
static void
test_completed_twice(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        blk_rig_check_works(disk);
        struct model_queue *q = &m->queues[0];
        uint8_t *used = phys_to_virt(q->device);
        uint32_t again[2] = {q->last_head, 1};
        memcpy(used + 4 + 8 * (q->used_idx % q->num), again, 8);
        q->used_idx++;
        memcpy(used + 2, &q->used_idx, 2);
        struct blk *blk = disk->driver;
        virtio_blk_driver.irq(blk->dev);
        assert_int_equal(shim_log_count("1 buffers used, 0 in flight"), 1);
        blk_rig_check_dead(disk);
        blk_rig_finish(disk);
    }
}

static void
test_memory_we_share_is_not_read_back(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        for (unsigned i = 0; i < 100; i++) {
            m->lie = LIE_SCRIBBLE;
            blk_rig_check_works(disk);
        }
        assert_int_equal(shim_log_count("broken"), 0);
        blk_rig_finish(disk);
    }
}

/* ---- Silence ---- */

static void
test_lost_interrupt(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        unsigned resets = m->resets;
        m->mute = true;
        uint64_t before = shim_now;
        blk_rig_check_works(disk);
        assert_true(shim_now - before <= 1000000000);
        assert_int_equal(shim_log_count("an interrupt was lost"), 1);
        assert_int_equal(m->resets, resets);
        m->mute = false;
        blk_rig_check_works(disk);
        blk_rig_finish(disk);
    }
}

/* How long a request takes, in looks of 10 ms. */
static unsigned
time_request(struct blockdev *disk)
{
    struct io *io = io_new(BLK_READ, 3, 1, 1024);
    unsigned looks = 0;
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    model_run_all(false);
    for (; io->done == 0; looks++)
        shim_run_timers(shim_now + 10000000);
    assert_int_equal(io->req.status, 0);
    io_check_read(io);
    io_free(io);
    return looks;
}

/* Where interrupts do not arrive, requests are waited for ever less, down to
 * 20 ms; two lines say so. One interrupt that comes, and it starts anew. */
static void
test_lost_interrupts(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        for (unsigned round = 1; round <= 3; round++) {
            m->mute = true;
            static const unsigned looks[] = {50, 25, 12, 6, 3, 2, 2, 2};
            for (unsigned i = 0; i < ARRAY_LEN(looks); i++) {
                assert_in_range(time_request(disk), looks[i], looks[i] + 1);
                assert_int_equal(shim_log_count("an interrupt was lost"),
                                 round);
                assert_int_equal(
                    shim_log_count("do not arrive: looked after every 20 ms"),
                    i < 4 ? round - 1 : round);
            }
            m->mute = false;
            blk_rig_check_works(disk);
            shim_run_timers(shim_now + 1000000000);
        }
        blk_rig_finish(disk);
    }
}

/* For a minute there is nothing to say, if the answer comes after all. */
static void
test_slow_disk(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        struct io *io = io_new(BLK_READ, 8, 2, 512);
        shim_log_clear();
        m->asleep = true;
        blockdev_submit(disk, &io->req);
        blockdev_kick(disk);
        model_run_all(false);
        shim_run_timers(shim_now + 60 * 1000000000ull);
        m->asleep = false;
        io_wait(&io, 1);
        assert_int_equal(io->req.status, 0);
        io_check_read(io);
        io_free(io);
        assert_string_equal(shim_log(), "");
        blk_rig_finish(disk);
    }
}

/* When the clock leaps, as after the host's sleep, the disk has not had the
 * time that has passed. */
static void
test_clock_leaps(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, MIB);
    struct io *io = io_new(BLK_READ, 8, 2, 512);
    shim_log_clear();
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    shim_now += 86400 * 1000000000ull;
    shim_run_timers(shim_now + 1000000000);
    io_wait(&io, 1);
    assert_int_equal(io->req.status, 0);
    assert_string_equal(shim_log(), "");
    io_free(io);
    blk_rig_finish(disk);
}

/* A request that never completes costs a reset, and fails with those that
 * were in flight with it; the disk lives on. */
static void
lose_one(struct blockdev *disk, struct model *m)
{
    struct io *ios[5];
    unsigned resets = m->resets;
    for (unsigned i = 0; i < 5; i++) {
        ios[i] = io_new(i == 2 ? BLK_WRITE : BLK_READ, 9 * i, 2, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    m->lie = LIE_NEVER;
    m->lie_after = 2;
    blockdev_kick(disk);
    uint64_t before = shim_now;
    io_wait(ios, 5);
    assert_true(shim_now - before >= 60 * 1000000000ull);
    assert_true(shim_now - before <= 150 * 1000000000ull);
    assert_true(m->resets > resets);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ios[i]->req.status, i == 2 ? -EIO : 0);
        if (i != 2)
            io_check_read(ios[i]);
        io_free(ios[i]);
    }
}

/* A disk that gets on in between may lose as many as it likes. */
static void
test_lost_requests(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        for (unsigned i = 0; i < 5; i++) {
            lose_one(disk, m);
            for (size_t b = 0; b < m->disk_size; b++)
                m->disk[b] = model_disk_byte(b);
            blk_rig_check_works(disk);
        }
        assert_int_equal(shim_log_count("a request has timed out"), 5);
        blk_rig_finish(disk);
    }
}

static void
test_lost_notification(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, v->version, v->features, MIB);
        struct io *io = io_new(BLK_READ, 5, 1, 512);
        m->deaf = true;
        blockdev_submit(disk, &io->req);
        blockdev_kick(disk);
        m->deaf = false;
        io_wait(&io, 1);
        assert_int_equal(io->req.status, -EIO);
        assert_int_equal(shim_log_count("a request has timed out"), 1);
        io_free(io);
        blk_rig_check_works(disk);
        blk_rig_finish(disk);
    }
}

/* The watchdog finds it even if requests keep coming, and being done. */
static void
test_lost_among_many(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, MIB);
    struct io *lost = io_new(BLK_READ, 9, 2, 512);
    m->lie = LIE_NEVER;
    blockdev_submit(disk, &lost->req);
    blockdev_kick(disk);
    for (unsigned i = 0; i < 1500; i++) {
        model_run_all(false);
        blk_rig_check_works(disk);
        shim_run_timers(shim_now + 100000000);
    }
    assert_int_equal(lost->done, 1);
    assert_int_equal(lost->req.status, -EIO);
    io_free(lost);
    blk_rig_finish(disk);
}

/* All that a silent device has, and all that waits for room, fails with its
 * first reset; after the second it is given up. */
static void
test_no_answer_at_all(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m = blk_rig_model(version, RINGS, MIB);
        m->queues[0].max = 4;
        struct blockdev *disk = blk_rig_attach(m);
        m->asleep = true;
        for (unsigned round = 0; round < 2; round++) {
            struct io *ios[50];
            assert_int_equal(shim_log_count("given up"), 0);
            for (unsigned i = 0; i < 50; i++) {
                ios[i] = io_new(BLK_READ, i, 1, 512);
                blockdev_submit(disk, &ios[i]->req);
            }
            blockdev_kick(disk);
            io_wait(ios, 50);
            for (unsigned i = 0; i < 50; i++) {
                assert_int_equal(ios[i]->req.status, -EIO);
                io_free(ios[i]);
            }
            assert_int_equal(shim_log_count("resetting the device"), round + 1);
        }
        assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
        blk_rig_check_dead(disk);
        blk_rig_finish(disk);
    }
}

static void
test_device_asks_for_reset(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, MIB);
    struct io *ios[10];
    m->asleep = true;
    for (unsigned i = 0; i < 10; i++) {
        ios[i] = io_new(BLK_READ, i, 1, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    model_run_all(false);
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    m->asleep = false;
    model_change_config(m);
    assert_int_equal(shim_log_count("resetting the device: it asks"), 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ios[i]->done, 1);
        assert_int_equal(ios[i]->req.status, -EIO);
        io_free(ios[i]);
    }
    assert_int_equal(m->status, 15);
    blk_rig_check_works(disk);
    blk_rig_finish(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_short_answers),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_completed_twice),
        cmocka_unit_test(test_memory_we_share_is_not_read_back),
        cmocka_unit_test(test_lost_interrupt),
        cmocka_unit_test(test_lost_interrupts),
        cmocka_unit_test(test_slow_disk),
        cmocka_unit_test(test_clock_leaps),
        cmocka_unit_test(test_lost_requests),
        cmocka_unit_test(test_lost_notification),
        cmocka_unit_test(test_lost_among_many),
        cmocka_unit_test(test_no_answer_at_all),
        cmocka_unit_test(test_device_asks_for_reset),
    };
    host_kernel_idle = shim_idle = blk_rig_idle;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
