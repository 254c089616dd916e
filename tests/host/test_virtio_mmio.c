// The MMIO transport: slots, queues, configuration.
//
// SOURCES: kernel/virtio/virtq.c kernel/virtio/mmio.c
// SOURCES: mkfs/host_kernel.c
// SOURCES: tests/host/kernel_shim.c tests/host/virtio_model.c
// SOURCES: tests/host/virtio_model_ring.c tests/host/virtq_rig.c
// CFLAGS: -iquote tests/host/include
// LIBS: -Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc

#include "virtq_rig.h"

#include "abi/errno.h"
#include "kernel_shim.h"
#include "mm/slab.h"
#include "virtio/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Making queues ---- */

static void
check_size(uint32_t version, unsigned max, unsigned wanted, int err,
           unsigned size)
{
    struct model *m = model_new(version, 42, 0);
    struct virtio_transport *t = rig_probe(m);
    struct virtq vq;
    m->queues[0].max = max;
    rig_handshake(t, 0);
    assert_int_equal(virtq_init(&vq, t, 0, wanted, CHAIN_MAX, 0), err);
    if (err == 0) {
        assert_int_equal(vq.size, size);
        assert_int_equal(vq.chain_max, MIN(size, (unsigned)CHAIN_MAX));
        assert_int_equal(m->queues[0].num, size);
        virtq_destroy(&vq);
    }
    kfree(t);
    model_free_all();
}

static void
test_queue_sizes(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        check_size(version, 0, 128, -ENOENT, 0);
        check_size(version, 1, 128, 0, 1);
        check_size(version, 2, 128, 0, 2);
        check_size(version, 3, 128, 0, 2);
        check_size(version, 100, 128, 0, 64);
        check_size(version, 128, 128, 0, 128);
        check_size(version, 1024, 128, 0, 128);
        check_size(version, 32768, 1000, 0, 128);
        check_size(version, 256, 16, 0, 16);
        check_size(version, 0xffffffff, 128, 0, 128);
    }
}

static void
test_refused_queues(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m = model_new(version, 42, 0);
        struct virtio_transport *t = rig_probe(m);
        struct virtq vq, again;
        rig_handshake(t, 0);
        m->refuses_queues = true;
        assert_int_equal(virtq_init(&vq, t, 0, 8, 2, 0), -EIO);
        m->refuses_queues = false;
        assert_int_equal(virtq_init(&vq, t, 0, 8, 2, 0), 0);
        assert_int_equal(virtq_init(&again, t, 0, 8, 2, 0), -EBUSY);
        assert_int_equal(virtq_init(&again, t, 1, 8, 2, 0), -ENOENT);
        virtq_destroy(&vq);
        kfree(t);
        model_free_all();
    }
}

/* A queue that has become smaller after a reset is not the same queue. */
static void
test_restart_of_a_smaller_queue(void **state UNUSED)
{
    struct rig *r = rig_new(&variants[0]);
    assert_int_equal(r->t->ops->reset(r->t), 0);
    rig_handshake(r->t, 0);
    r->m->queues[0].max = 16;
    spin_lock(&r->vq.lock);
    assert_int_equal(virtq_restart(&r->vq), -EIO);
    spin_unlock(&r->vq.lock);
    rig_free(r);
}

static void
test_no_memory(void **state UNUSED)
{
    struct model *m = model_new(2, 42, VIRTIO_F_INDIRECT_DESC);
    struct virtio_transport *t = rig_probe(m);
    struct virtq vq;
    for (unsigned i = 1; i <= 2; i++) {
        rig_handshake(t, VIRTIO_F_INDIRECT_DESC);
        shim_fail_alloc = i;
        assert_int_equal(virtq_init(&vq, t, 0, 8, 4, VIRTIO_F_INDIRECT_DESC),
                         -ENOMEM);
    }
    shim_fail_alloc = 0;
    kfree(t);
    model_free_all();
}

/* ---- The transport ---- */

static void
test_slots(void **state UNUSED)
{
    struct model *m = model_new(2, 0, 0);
    shim_log_clear();
    assert_false(model_probe(m)); /* empty: no error */
    assert_string_equal(shim_log(), "");

    m->device_id = 42;
    m->magic = 0x74726977;
    assert_false(model_probe(m));
    assert_int_equal(shim_log_count("magic number is 0x74726977"), 1);
    m->magic = 0x74726976;
    m->version = 3;
    assert_false(model_probe(m));
    assert_int_equal(shim_log_count("version 3"), 1);
    m->version = 0;
    assert_false(model_probe(m));
    m->version = 2;
    assert_false(virtio_mmio_probe_slot(m->regs, 0xfc, 1));
    assert_int_equal(shim_log_count(""), 4);

    shim_fail_alloc = 1;
    assert_false(model_probe(m));
    struct virtio_transport *t = rig_probe(m);
    assert_int_equal(t->device_id, 42);
    assert_int_equal(t->vendor_id, 0x4d4f444c);
    assert_false(t->legacy);
    kfree(t);
    model_free_all();
}

static void
test_reset_that_never_ends(void **state UNUSED)
{
    struct model *m = model_new(2, 42, 0);
    struct virtio_transport *t = rig_probe(m);
    t->ops->set_status(t, 1);
    m->refuses_reset = true;
    assert_int_equal(t->ops->reset(t), -ETIMEDOUT);
    kfree(t);
    model_free_all();
}

struct config {
    uint32_t low, high;
    uint16_t half;
    uint8_t byte;
};

/* The first 8 bytes change, both halves alike, while they are read. */
static void
test_config_is_of_one_version(void **state UNUSED)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m = model_new(version, 42, 0);
        struct virtio_transport *t = rig_probe(m);
        model_config16(m, 8, 0x1234);
        m->config[10] = 0x56;
        for (unsigned churn = 0; churn < 20; churn++) {
            struct config c = {.byte = 0};
            m->config_churn = churn;
            assert_int_equal(t->ops->config_read(t, 0, 8, &c.low), 0);
            assert_int_equal(t->ops->config_read(t, 8, 2, &c.half), 0);
            assert_int_equal(t->ops->config_read(t, 10, 1, &c.byte), 0);
            assert_int_equal(c.low, c.high);
            assert_int_equal(c.half, 0x1234);
            assert_int_equal(c.byte, 0x56);
        }
        struct config c = {.low = 7};
        m->config_churn = 1000000;
        assert_int_equal(t->ops->config_read(t, 0, 8, &c.low), -EIO);
        assert_int_equal(c.low, 7);
        kfree(t);
        model_free_all();
    }
}

static void
test_config_ends(void **state UNUSED)
{
    struct model *m = model_new(2, 42, 0);
    m->config_size = 12;
    struct virtio_transport *t = rig_probe(m);
    uint8_t field[8];
    assert_int_equal(t->ops->config_read(t, 8, 4, field), 0);
    assert_int_equal(t->ops->config_read(t, 8, 8, field), -EIO);
    assert_int_equal(t->ops->config_read(t, 16, 4, field), -EIO);
    kfree(t);
    model_free_all();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_sizes),
        cmocka_unit_test(test_refused_queues),
        cmocka_unit_test(test_restart_of_a_smaller_queue),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_reset_that_never_ends),
        cmocka_unit_test(test_config_is_of_one_version),
        cmocka_unit_test(test_config_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
