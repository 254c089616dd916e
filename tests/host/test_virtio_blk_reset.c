// Disks that are reset: what comes back, and what does not.
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

enum change {
    CHANGE_FEATURES,
    CHANGE_FEATURES_OK,
    CHANGE_NO_RESET,
    CHANGE_NO_QUEUE,
    CHANGE_SMALLER_QUEUE,
    CHANGE_SEG_MAX,
    CHANGE_BLK_SIZE,
    CHANGE_COUNT
};

static void
change(struct model *m, enum change what)
{
    switch (what) {
    case CHANGE_FEATURES:
        m->offered &= ~VIRTIO_F_EVENT_IDX;
        break;
    case CHANGE_FEATURES_OK:
        m->refuses_features = true;
        break;
    case CHANGE_NO_RESET:
        m->refuses_reset = true;
        break;
    case CHANGE_NO_QUEUE:
        m->queues[0].max = 0;
        break;
    case CHANGE_SMALLER_QUEUE:
        m->queues[0].max = 32;
        break;
    case CHANGE_SEG_MAX:
        model_config32(m, 12, 8);
        break;
    default:
        model_config32(m, 20, 1024);
        break;
    }
}

static void
test_changed_by_a_reset(void **state UNUSED)
{
    for (enum change what = 0; what < CHANGE_COUNT; what++) {
        struct model *m = blk_rig_model(
            2, RINGS | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE, MIB);
        model_config32(m, 12, 16);
        model_config32(m, 20, 512);
        struct blockdev *disk = blk_rig_attach(m);
        struct io *ios[3];
        m->asleep = true;
        for (unsigned i = 0; i < 3; i++) {
            ios[i] = io_new(BLK_READ, i, 1, 512);
            blockdev_submit(disk, &ios[i]->req);
        }
        blockdev_kick(disk);
        model_run_all(false);
        m->status |= VIRTIO_STATUS_NEEDS_RESET;
        change(m, what);
        m->asleep = false;
        model_change_config(m);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(ios[i]->done, 1);
            assert_int_equal(ios[i]->req.status, -EIO);
        }
        blk_rig_check_dead(disk);
        if (what == CHANGE_NO_RESET)
            assert_true(shim_log_count("may still write to memory") > 0);
        assert_int_equal(blk_rig_kept > 0, what == CHANGE_NO_RESET);
        m->refuses_reset = false;
        for (unsigned i = 0; i < 3; i++)
            io_free(ios[i]);
        blk_rig_finish(disk);
    }
}

/* What it was to read into stays out of use, page by page, for the device may
 * write there at any time; what it had done, or never had, does not. */
static void
test_memory_of_a_device_that_does_not_reset(void **state UNUSED)
{
    struct model *m = blk_rig_model(2, RINGS | VIRTIO_BLK_F_FLUSH, MIB);
    m->queues[0].max = 4;
    struct blockdev *disk = blk_rig_attach(m);
    blk_rig_check_works(disk);
    struct io *ios[] = {
        io_new(BLK_READ, 0, 1, 512),   io_new(BLK_READ, 8, 2, 3 * PAGE_SIZE),
        io_new(BLK_WRITE, 80, 1, 512), io_new(BLK_FLUSH, 0, 0, 0),
        io_new(BLK_READ, 16, 1, 512), /* there is no room for it */
    };
    for (unsigned i = 0; i < ARRAY_LEN(ios); i++)
        for (unsigned k = 0; k < ios[i]->req.nvec; k++)
            ios[i]->vec[k].base = (void *)(PAGE_SIZE * (16ul * i + 4 * k + 1));
    /* From the middle of one page to that of another. */
    ios[1]->vec[1].base = (char *)ios[1]->vec[1].base + 512;
    m->asleep = true;
    for (unsigned i = 0; i < ARRAY_LEN(ios); i++)
        blockdev_submit(disk, &ios[i]->req);
    blockdev_kick(disk);
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    m->refuses_reset = true;
    model_change_config(m);
    for (unsigned i = 0; i < ARRAY_LEN(ios); i++) {
        assert_int_equal(ios[i]->done, 1);
        assert_int_equal(ios[i]->req.status, -EIO);
        io_free(ios[i]);
    }
    assert_int_equal(blk_rig_kept, 1 + 3 + 4);
    blk_rig_check_dead(disk);
    m->refuses_reset = false;
    blk_rig_finish(disk);
}

/* What was agreed on first holds, even if there is more to be had now. */
static void
test_more_features_after_a_reset(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, 0, MIB);
    uint64_t accepted = m->accepted;
    m->offered |= RINGS | VIRTIO_BLK_F_RO;
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    model_change_config(m);
    assert_true(m->accepted == accepted);
    assert_int_equal(m->status, 15);
    blk_rig_check_works(disk);
    blk_rig_finish(disk);
}

/* What the device had done before the reset counts as done, once. */
static void
test_done_before_the_reset(void **state UNUSED)
{
    struct model *m;
    struct blockdev *disk = blk_rig_new(&m, 2, RINGS, MIB);
    struct io *io = io_new(BLK_WRITE, 1, 1, 512);
    m->mute = true;
    blockdev_submit(disk, &io->req);
    blockdev_kick(disk);
    model_run_all(false);
    assert_int_equal(io->done, 0);
    unsigned served = m->served;
    m->mute = false;
    m->status |= VIRTIO_STATUS_NEEDS_RESET;
    model_change_config(m);
    assert_int_equal(io->done, 1);
    assert_int_equal(io->req.status, 0);
    model_run_all(false);
    assert_int_equal(m->served, served);
    io_free(io);
    blk_rig_check_works(disk);
    blk_rig_finish(disk);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_by_a_reset),
        cmocka_unit_test(test_memory_of_a_device_that_does_not_reset),
        cmocka_unit_test(test_more_features_after_a_reset),
        cmocka_unit_test(test_done_before_the_reset),
    };
    host_kernel_idle = shim_idle = blk_rig_idle;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
