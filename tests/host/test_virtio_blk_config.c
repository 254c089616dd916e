// How disks come up: the handshake, configurations, the registry.
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
#include "virtio/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

/* ---- What a disk says about itself ---- */

static void
test_names(void **state UNUSED)
{
    static const struct {
        unsigned index;
        const char *name;
    } names[] = {
        {0, "vda"},       {1, "vdb"},        {25, "vdz"},   {26, "vdaa"},
        {51, "vdaz"},     {52, "vdba"},      {701, "vdzz"}, {702, "vdaaa"},
        {18277, "vdzzz"}, {18278, "vdaaaa"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        char name[16];
        blk_format_name(names[i].index, name, sizeof(name));
        assert_string_equal(name, names[i].name);
    }
}

static void
test_serial_and_boot_lines(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, RINGS | VIRTIO_BLK_F_BLK_SIZE, 64 * MIB);
    model_config32(m, 20, 4096);
    struct blockdev *disk = blk_rig_attach(m);
    assert_string_equal(disk->serial, "model-0123");
    assert_int_equal(disk->block_size, 4096);
    assert_int_equal(
        shim_log_count(
            ": 64 MiB, 4096-byte blocks, serial model-0123, 1 queue"),
        1);
    assert_int_equal(
        shim_log_count(": blk, 64 descriptors, indirect, event idx, irq "), 1);
    assert_ptr_equal(blockdev_find(disk->name), disk);
    assert_null(blockdev_find("vd"));
    blk_rig_finish(disk);

    /* Without one, and without a word about it. */
    m = blk_rig_model(1, 0, MIB);
    m->blk_knows_id = false;
    disk = blk_rig_attach(m);
    assert_string_equal(disk->serial, "");
    assert_int_equal(shim_log_count("1024 KiB, 512-byte blocks, 1 queue"), 1);
    assert_int_equal(shim_log_count(": blk, 64 descriptors, legacy, irq "), 1);
    blk_rig_finish(disk);
}

/* A disk whose configuration makes no sense is given up, and told so. */
static void
check_bad_config(unsigned offset, unsigned width, uint64_t value,
                 const char *says)
{
    struct model *m =
        blk_rig_model(2,
                      RINGS | VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
                          VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_MQ,
                      MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    memcpy(m->config + offset, &value, width);
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count(says), 1);
    assert_int_equal(shim_log_count("given up, error -5"), 1);
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);
    model_free_all();
}

static void
test_bad_configurations(void **state UNUSED)
{
    check_bad_config(0, 8, UINT64_MAX, "capacity 18446744073709551615 makes");
    check_bad_config(0, 8, 1ull << 55, "capacity 36028797018963968 makes");
    check_bad_config(8, 4, 0, "size_max 0 makes");
    check_bad_config(8, 4, 511, "size_max 511 makes");
    check_bad_config(12, 4, 0, "seg_max 0 makes");
    check_bad_config(20, 4, 0, "blk_size 0 makes");
    check_bad_config(20, 4, 256, "blk_size 256 makes");
    check_bad_config(20, 4, 1000, "blk_size 1000 makes");
    check_bad_config(34, 2, 0, "num_queues 0 makes");
}

static void
test_config_that_does_not_keep_still(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, RINGS, MIB);
    m->config_churn = 1000000;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("cannot read the configuration"), 1);
    model_free_all();

    m = blk_rig_model(2, RINGS, MIB);
    m->config_size = 4;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("cannot read the configuration"), 1);
    model_free_all();
}

static void
test_capacity_changes(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m;
        struct blockdev *disk = blk_rig_new(&m, version, RINGS, MIB);
        struct io *io = io_new(BLK_READ, 1500, 1, 512);
        blockdev_submit(disk, &io->req);
        model_config64(m, 0, 1000);
        model_change_config(m);
        assert_int_equal(
            shim_log_count("capacity changed from 2048 to 1000 sectors"), 1);
        blockdev_kick(disk);
        io_wait(&io, 1); /* under way when it happened: the device's say */
        assert_int_equal(io->req.status, 0);
        io_free(io);
        check_refused(disk, m, io_new(BLK_READ, 1000, 1, 512), -EIO);
        blk_rig_check_works(disk);

        model_config64(m, 0, 2048);
        model_change_config(m);
        io = io_new(BLK_READ, 1500, 1, 512);
        assert_int_equal(io_run(disk, io), 0);
        io_free(io);

        shim_log_clear();
        model_change_config(m); /* nothing has changed */
        assert_string_equal(shim_log(), "");
        model_config64(m, 0, UINT64_MAX); /* nonsense is not believed */
        model_change_config(m);
        assert_int_equal(disk->sectors, 2048);
        assert_int_equal(shim_log_count("makes no sense"), 1);
        blk_rig_finish(disk);
    }
}

/* ---- The handshake ---- */

static void
test_features(void **state UNUSED)
{
    /* Everything is offered; what we do not know is not accepted. */
    struct model *m = blk_rig_model(2, ~0ull, MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    struct blockdev *disk = blk_rig_attach(m);
    assert_non_null(disk);
    uint64_t known = RINGS | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
                     VIRTIO_F_ORDER_PLATFORM | virtio_blk_driver.features;
    assert_true(m->accepted == known);
    blk_rig_finish(disk);

    m = blk_rig_model(1, 0xffffffff, MIB);
    model_config32(m, 8, 65536);
    model_config32(m, 12, 16);
    model_config32(m, 20, 512);
    model_config16(m, 34, 1);
    disk = blk_rig_attach(m);
    assert_true(m->accepted ==
                (RINGS | VIRTIO_F_ANY_LAYOUT | virtio_blk_driver.features));
    blk_rig_finish(disk);
}

static void
test_handshakes_that_fail(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, RINGS, MIB);
    m->refuses_features = true;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("does not accept features"), 1);
    assert_int_equal(m->status, VIRTIO_STATUS_FAILED);

    m = blk_rig_model(2, RINGS, MIB);
    m->offered = RINGS;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("without VIRTIO_F_VERSION_1"), 1);

    m = blk_rig_model(2, RINGS, MIB);
    m->refuses_reset = true;
    m->status = 4;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("does not reset, status 0x4"), 1);

    m = blk_rig_model(2, RINGS, MIB);
    m->queues[0].max = 0;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("queue 0: error -2"), 1);

    m = blk_rig_model(1, RINGS, MIB);
    m->refuses_queues = true;
    assert_null(blk_rig_attach(m));
    assert_int_equal(shim_log_count("queue 0: error -5"), 1);

    m = blk_rig_model(2, RINGS, MIB);
    shim_log_clear();
    assert_true(virtio_mmio_probe_slot(m->regs, 0x200, 0));
    assert_int_equal(shim_log_count("has no interrupt"), 1);
    assert_int_equal(shim_log_count("given up, error -6"), 1);
    model_free_all();
}

static void
test_memory_runs_out(void **state UNUSED)
{
    unsigned failures = 0;
    for (unsigned i = 1;; i++) {
        struct model *m = blk_rig_model(2, RINGS, MIB);
        shim_fail_alloc = i;
        struct blockdev *disk = blk_rig_attach(m);
        bool all = shim_fail_alloc > 0;
        shim_fail_alloc = 0;
        if (disk != NULL) {
            blk_rig_check_works(disk);
            blk_rig_finish(disk);
        } else {
            failures++;
            model_free_all();
        }
        if (all)
            break;
    }
    assert_true(failures >= 7);
}

/* ---- The registry ---- */

static unsigned
count_devices(void)
{
    unsigned n = 0;
    while (virtio_device_get(n) != NULL)
        n++;
    return n;
}

static void
test_registry(void **state UNUSED)
{
    unsigned n = count_devices();
    struct model *m = model_new(2, 99, 0x123);
    shim_log_clear();
    assert_true(model_probe(m));
    assert_int_equal(shim_log_count("no driver for device id 99 (unknown)"), 1);
    assert_int_equal(m->status, 0); /* left alone */
    assert_int_equal(count_devices(), n + 1);
    const struct virtio_device *dev = virtio_device_get(n);
    assert_null(dev->driver);
    assert_int_equal(dev->transport->device_id, 99);
    assert_true(dev->features_offered == (0x123 | VIRTIO_F_VERSION_1));
    assert_int_equal(dev->nqueues, 0);

    struct blockdev *disk = blk_rig_new(&m, 1, RINGS, MIB);
    struct io *io = io_new(BLK_READ, 0, 1, 512);
    m->asleep = true;
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    dev = virtio_device_get(n + 1);
    assert_string_equal(dev->driver->name, "blk");
    assert_string_equal(virtio_kind(dev->transport->device_id), "block");
    assert_string_equal(dev->transport->bus, "mmio");
    assert_true(dev->transport->legacy);
    assert_true(dev->features == RINGS);
    assert_int_equal(dev->nqueues, 1);
    assert_int_equal(dev->queues[0]->size, 64);
    assert_int_equal(dev->queues[0]->in_flight, 1);
    assert_int_equal(dev->queues[0]->added, 2);
    m->asleep = false;
    io_wait(&io, 1);
    io_free(io);
    blk_rig_finish(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_serial_and_boot_lines),
        cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_config_that_does_not_keep_still),
        cmocka_unit_test(test_capacity_changes),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_handshakes_that_fail),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_registry),
    };
    host_kernel_idle = shim_idle = blk_rig_idle;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
