// The disk driver and blockdev: transfers, limits, many at once.
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
#include "host_kernel.h"
#include "kernel_shim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Transfers ---- */

static void
test_transfers(void **state UNUSED)
{
    static const size_t sizes[] = {512,       1024, 4096,      64 * KIB,
                                   MIB - 512, MIB,  MIB + 512, 7 * MIB + 1536};
    for_each_variant(v)
    {
        struct model *m;
        struct blockdev *disk =
            blk_rig_new(&m, v->version, v->features, 8 * MIB);
        assert_int_equal(disk->sectors, 16384);
        uint8_t *data = test_malloc(8 * MIB);
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
            size_t n = sizes[i];
            uint64_t sector = i * 5;
            m->order = (enum model_order)(i % 3);
            memset(data, 0xdd, n);
            assert_int_equal(blockdev_transfer(disk, BLK_READ, sector, data, n),
                             0);
            for (size_t b = 0; b < n; b++)
                if (data[b] != model_disk_byte(sector * 512 + b))
                    fail_msg("byte %zu of %zu", b, n);
            for (size_t b = 0; b < n; b++)
                data[b] = (uint8_t)~data[b];
            assert_int_equal(
                blockdev_transfer(disk, BLK_WRITE, sector, data, n), 0);
            assert_memory_equal(m->disk + sector * 512, data, n);
            for (size_t b = 0; b < n; b++)
                m->disk[sector * 512 + b] = (uint8_t)~data[b];
        }
        test_free(data);
        blk_rig_finish(disk);
    }
}

static void
test_long_transfer_is_split(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, 8 * MIB);
    uint8_t *data = test_malloc(4 * MIB);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 4 * MIB), 0);
    assert_int_equal(disk->reads, 4);
    assert_int_equal(disk->sectors_read, 8192);
    test_free(data);
    blk_rig_finish(disk);
}

static void
test_transfer_fails_as_its_pieces(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, 8 * MIB);
    uint8_t *data = test_malloc(8 * MIB);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 0), 0);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 100), -EINVAL);
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 1, data, 8 * MIB), -EIO);
    m->disk_size = 4 * MIB;
    assert_int_equal(blockdev_transfer(disk, BLK_READ, 0, data, 8 * MIB), -EIO);
    test_free(data);
    blk_rig_finish(disk);
}

/* ---- Many requests at once ---- */

static void
test_in_flight_in_any_order(void **state UNUSED)
{
    for_each_variant(v)
    {
        for (enum model_order order = ORDER_FIFO; order <= ORDER_SHUFFLED;
             order++) {
            struct model *m;
            struct blockdev *disk =
                blk_rig_new(&m, v->version, v->features, 4 * MIB);
            m->order = order;
            blk_rig_many(disk, m, 40);
            blk_rig_finish(disk);
        }
    }
}

static void
test_waiting_for_room(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct model *m = blk_rig_model(v->version, v->features, 4 * MIB);
        m->queues[0].max = 16;
        struct blockdev *disk = blk_rig_attach(m);
        assert_non_null(disk);
        m->order = ORDER_SHUFFLED;
        blk_rig_many(disk, m, 400);
        blk_rig_finish(disk);
    }
}

/* A short request that would fit does not overtake a long one that waits. */
static void
test_first_come_first_served(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, 0, MIB);
    m->queues[0].max = 16;
    struct blockdev *disk = blk_rig_attach(m);
    struct io *ios[6];
    unsigned before = m->takes;
    m->asleep = true;
    for (unsigned i = 0; i < 6; i++) {
        ios[i] = io_new(BLK_READ, i, i == 4 ? 4 : 1, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    blockdev_kick(disk);
    model_run_all(false);
    assert_int_equal(m->takes - before, 4);
    m->asleep = false;
    io_wait(ios, 6);
    for (unsigned i = 0; i < 6; i++) {
        io_check_read(ios[i]);
        io_free(ios[i]);
    }
    blk_rig_finish(disk);
}

/* At least 32 are with the device itself, not merely with the driver. */
static void
test_depth(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, RINGS, 4 * MIB);
    m->queues[0].max = 256;
    struct blockdev *disk = blk_rig_attach(m);
    struct io *ios[200];
    unsigned before = m->takes;
    m->asleep = true;
    for (unsigned i = 0; i < 200; i++) {
        ios[i] = io_new(BLK_READ, i, 3, 512);
        blockdev_submit(disk, &ios[i]->req);
    }
    unsigned bells = m->notifications;
    blockdev_kick(disk);
    assert_int_equal(m->notifications, bells + 1);
    model_run_all(false);
    assert_int_equal(m->takes - before, 128);
    m->asleep = false;
    io_wait(ios, 200);
    for (unsigned i = 0; i < 200; i++) {
        io_check_read(ios[i]);
        io_free(ios[i]);
    }
    blk_rig_finish(disk);
}

static void
test_one_interrupt_for_many(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, 4 * MIB);
    unsigned before = m->interrupts;
    blk_rig_many(disk, m, 30);
    assert_int_equal(m->interrupts, before + 1);
    blk_rig_finish(disk);
}

static void
test_queues_of_harts(void **state UNUSED)
{
    for (unsigned harts = 1; harts <= 10; harts += 3) {
        struct model *m = blk_rig_model(2, RINGS | VIRTIO_BLK_F_MQ, 4 * MIB);
        struct io *ios[40];
        for (unsigned i = 0; i < MODEL_QUEUES; i++)
            m->queues[i].max = 64;
        model_config16(m, 34, 5);
        host_cpu_count = harts;
        struct blockdev *disk = blk_rig_attach(m);
        assert_non_null(disk);
        unsigned nqueues = harts < 5 ? harts : 5;
        for (unsigned i = 0; i < 40; i++) {
            host_cpu.index = i % harts;
            ios[i] = io_new(BLK_READ, i, 1, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        host_cpu.index = 0; /* where the thread has moved meanwhile */
        blockdev_kick(disk);
        for (unsigned i = 0; i < MODEL_QUEUES; i++)
            assert_int_equal(m->queues[i].notified, i < nqueues);
        io_wait(ios, 40);
        for (unsigned i = 0; i < 40; i++) {
            io_check_read(ios[i]);
            io_free(ios[i]);
        }
        host_cpu_count = 1;
        blk_rig_finish(disk);
    }
}

/* ---- Pieces of memory ---- */

static void
check_pieces(uint64_t features, uint32_t seg_max, uint32_t size_max,
             unsigned max_vec, size_t max_bytes)
{
    struct model *m = blk_rig_model(2, features, 4 * MIB);
    m->queues[0].max = 128;
    model_config32(m, 8, size_max);
    model_config32(m, 12, seg_max);
    struct blockdev *disk = blk_rig_attach(m);
    assert_non_null(disk);
    assert_int_equal(disk->max_vec, max_vec);
    assert_int_equal(disk->max_bytes, max_bytes);

    /* As many pieces as there may be, as many bytes as there may be. */
    for (unsigned n = 1; n <= max_vec; n++) {
        size_t len = ALIGN_DOWN(max_bytes / n, 512);
        if (len == 0)
            break;
        struct io *io = io_new(BLK_READ, n, n, len);
        assert_int_equal(io_run(disk, io), 0);
        io_check_read(io);
        io_free(io);
    }
    blk_rig_finish(disk);
}

static void
test_pieces(void **state UNUSED)
{
    const uint64_t seg = RINGS | VIRTIO_BLK_F_SEG_MAX;
    const uint64_t both = seg | VIRTIO_BLK_F_SIZE_MAX;
    check_pieces(RINGS, 0, 0, 62, MIB);
    check_pieces(seg, 1, 0, 1, MIB);
    check_pieces(seg, 2, 0, 2, MIB);
    check_pieces(seg, 126, 0, 62, MIB);
    check_pieces(seg, 0xffffffff, 0, 62, MIB);
    check_pieces(both, 10, 4096, 5, 5 * 4096);
    check_pieces(both, 11, 4096, 6, 5 * 4096);
    check_pieces(both, 1, 4096, 1, 4096);
    check_pieces(both, 2, 512, 1, 512);
    check_pieces(both, 62, 1000, 31, 31 * 512);
    check_pieces(both, 126, 65536, 31, MIB);
    check_pieces(both, 126, 0xffffffff, 62, MIB);
    check_pieces(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_SIZE_MAX, 126, 4096, 31,
                 31 * 4096);
}

/* A small ring limits the pieces, too. */
static void
test_small_ring(void **state UNUSED)
{
    for (unsigned max = 1; max <= 8; max *= 2) {
        for (unsigned indirect = 0; indirect <= 1; indirect++) {
            struct model *m = blk_rig_model(
                2, indirect ? VIRTIO_F_INDIRECT_DESC : 0, 4 * MIB);
            m->queues[0].max = max;
            struct blockdev *disk = blk_rig_attach(m);
            if (max < 3) {
                assert_null(disk);
                assert_int_equal(shim_log_count("is too small"), 1);
                model_free_all();
                continue;
            }
            assert_non_null(disk);
            assert_int_equal(disk->max_vec, max - 2);
            blk_rig_many(disk, m, 1);
            blk_rig_check_works(disk);
            blk_rig_finish(disk);
        }
    }
}

/* ---- Requests that never reach the device ---- */

static void
check_refused(struct blockdev *disk, struct model *m, struct io *io, int err)
{
    unsigned before = m->takes;
    blockdev_submit(disk, &io->req);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, err);
    blockdev_kick(disk);
    model_run_all(false);
    assert_int_equal(m->takes, before);
    io_free(io);
}

static void
test_refused_requests(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, MIB);
    check_refused(disk, m, io_new(BLK_READ, 2047, 1, 1024), -EIO);
    check_refused(disk, m, io_new(BLK_READ, 2048, 1, 512), -EIO);
    check_refused(disk, m, io_new(BLK_READ, UINT64_MAX, 1, 512), -EIO);
    check_refused(disk, m, io_new(BLK_WRITE, UINT64_MAX - 1, 2, 512), -EIO);
    check_refused(disk, m, io_new(BLK_READ, 0, 0, 512), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 1, 513), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 1, 0), -EINVAL);
    check_refused(disk, m, io_new(BLK_READ, 0, 3, 512 * 1024), -EINVAL);
    struct io *io = io_new(BLK_READ, 0, 1, 512);
    io->req.nvec = 63;
    check_refused(disk, m, io, -EINVAL);
    io = io_new(BLK_READ, 0, 2, 512);
    io->vec[0].len = io->vec[1].len = (size_t)1 << 63;
    check_refused(disk, m, io, -EINVAL);
    blk_rig_finish(disk);

    disk = blk_rig_new(&m, 2, RINGS, 4 * MIB);
    check_refused(disk, m, io_new(BLK_READ, 0, 3, 512 * KIB), -EINVAL);
    blk_rig_finish(disk);
}

static void
test_read_only(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS | VIRTIO_BLK_F_RO, MIB);
    assert_true(disk->read_only);
    assert_int_equal(shim_log_count(", read-only"), 1);
    check_refused(disk, m, io_new(BLK_WRITE, 0, 1, 512), -EROFS);
    blk_rig_check_works(disk);
    blk_rig_finish(disk);
}

static void
test_flush(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS | VIRTIO_BLK_F_FLUSH, MIB);
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0), 0);
    assert_int_equal(m->flushes, 1);
    m->blk_answer = VIRTIO_BLK_S_UNSUPP;
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0),
                     -EOPNOTSUPP);
    blk_rig_finish(disk);

    /* Nothing to flush, so nothing is asked. */
    disk = blk_rig_new(&m, 2, RINGS, MIB);
    unsigned before = m->takes;
    assert_int_equal(blockdev_transfer(disk, BLK_FLUSH, 0, NULL, 0), 0);
    assert_int_equal(m->takes, before);
    blk_rig_finish(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_long_transfer_is_split),
        cmocka_unit_test(test_transfer_fails_as_its_pieces),
        cmocka_unit_test(test_in_flight_in_any_order),
        cmocka_unit_test(test_waiting_for_room),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_one_interrupt_for_many),
        cmocka_unit_test(test_queues_of_harts),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_small_ring),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_flush),
    };
    host_kernel_idle = shim_idle = blk_rig_idle;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
