// Split virtqueues, when the device lies about what it has used.
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

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Lies ---- */

/* Three chains are in flight; the second to be completed is a lie. */
static void
check_lie(const struct variant *v, enum model_lie lie, const char *says)
{
    struct rig *r = rig_new(v);
    uint8_t *bytes = test_calloc(6, 1);
    void *token;
    uint32_t len;
    for (unsigned i = 0; i < 3; i++) {
        struct virtq_buf bufs[] = {{&bytes[2 * i], 1}, {&bytes[2 * i + 1], 1}};
        assert_int_equal(rig_add(r, bufs, 1, 1, &bytes[2 * i]), 0);
    }
    rig_kick(r);
    r->m->lie = lie;
    r->m->lie_after = 1;
    assert_true(model_run(r->m));

    int err;
    unsigned popped = 0;
    while ((err = rig_pop(r, &token, &len)) == 0)
        popped++;
    assert_int_equal(err, -EIO);
    assert_true(popped < 3);
    assert_true(r->vq.broken);
    assert_int_equal(shim_log_count("virtio7: queue 0 is broken: "), 1);
    assert_int_equal(shim_log_count(says), 1);
    assert_int_equal(rig_pop(r, &token, &len), -EIO);
    assert_int_equal(rig_add_byte(r, bytes), -EIO);
    unsigned notifications = r->m->notifications;
    rig_kick(r);
    assert_int_equal(r->m->notifications, notifications);
    assert_int_equal(shim_log_count("broken"), 1);

    /* All that did not come back can be reclaimed, once. */
    assert_int_equal(r->t->ops->reset(r->t), 0);
    for (; popped < 3; popped++)
        assert_non_null(rig_reclaim(r));
    assert_null(rig_reclaim(r));
    assert_int_equal(r->vq.in_flight, 0);

    /* And a device that has learnt its lesson can be used again. */
    rig_handshake(r->t, v->features);
    spin_lock(&r->vq.lock);
    assert_int_equal(virtq_restart(&r->vq), 0);
    spin_unlock(&r->vq.lock);
    rig_go_live(r->t);
    for (unsigned n = 1; n <= CHAIN_MAX; n++)
        rig_echo(r, n / 2, n - n / 2);
    test_free(bytes);
    rig_free(r);
}

static void
test_lies(void **state UNUSED)
{
    static const struct {
        enum model_lie lie;
        const char *says;
    } lies[] = {
        {LIE_IDX_JUMPS, "1002 buffers used, 3 in flight"},
        {LIE_IDX_ONE_EXTRA, "4 buffers used, 3 in flight"},
        {LIE_IDX_BACK, "not in flight"},
        {LIE_ID_SIZE, "used head 32 is not in flight"},
        {LIE_ID_HUGE, "used head 4294967295 is not in flight"},
        {LIE_ID_WRAPPED, "is not in flight"},
        {LIE_ID_FREE, "used head 31 is not in flight"},
        {LIE_ID_TWICE, "4 buffers used, 3 in flight"},
    };
    for_each_variant(v)
    {
        for (unsigned i = 0; i < ARRAY_LEN(lies); i++)
            if (lies[i].lie != LIE_IDX_BACK)
                check_lie(v, lies[i].lie, lies[i].says);
        if (!(v->features & VIRTIO_F_INDIRECT_DESC))
            check_lie(v, LIE_ID_NOT_HEAD, "is not in flight");
        if (v->version == 2) {
            check_lie(v, LIE_LEN_ONE_MORE, "2 bytes written, 1 offered");
            check_lie(v, LIE_LEN_HUGE, "4294967295 bytes written, 1 offered");
        }
    }
}

/* The index may be seen at any moment: just after it has gone back. */
static void
test_index_goes_back(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *byte = test_calloc(1, 1);
        void *token;
        uint32_t len;
        rig_complete_byte(r, byte);
        assert_int_equal(rig_pop(r, &token, &len), 0);
        r->m->lie = LIE_IDX_BACK;
        rig_complete_byte(r, byte);
        assert_int_equal(rig_pop(r, &token, &len), -EIO);
        assert_int_equal(shim_log_count("65535 buffers used, 1 in flight"), 1);
        test_free(byte);
        rig_free(r);
    }
}

/* The same head twice in a row, while others are still in flight. */
static void
test_head_used_twice(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_calloc(4, 1);
        void *token;
        uint32_t len;
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
        rig_kick(r);
        r->m->lie = LIE_ID_TWICE;
        r->m->lie_after = 0;
        assert_true(model_run(r->m));
        /* Five used entries: too many at once, whatever they say. */
        assert_int_equal(rig_pop(r, &token, &len), -EIO);
        rig_free(r);

        r = rig_new(v);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
        r->m->asleep = true;
        rig_kick(r);
        model_run(r->m);
        struct model_queue *q = &r->m->queues[0];
        unsigned rest = q->nchains - 1;
        q->nchains = 1;
        r->m->asleep = false;
        r->m->lie = LIE_ID_TWICE;
        assert_true(model_run(r->m));
        q->nchains = 0;
        assert_int_equal(rig_pop(r, &token, &len), 0);
        assert_ptr_equal(token, &bytes[0]);
        assert_int_equal(rig_pop(r, &token, &len), -EIO);
        assert_int_equal(shim_log_count("used head 0 is not in flight"), 1);
        for (unsigned i = 1; i <= rest; i++)
            test_free(q->chains[i]);
        test_free(bytes);
        rig_free(r);
    }
}

/* Old devices got the length wrong, and nobody minded [virtio §2.7.8.1]. */
static void
test_legacy_length_is_cut(void **state UNUSED)
{
    struct rig *r = rig_new(&(struct variant){1, 0});
    uint8_t *byte = test_calloc(1, 1);
    void *token;
    uint32_t len;
    r->m->lie = LIE_LEN_HUGE;
    rig_complete_byte(r, byte);
    assert_int_equal(rig_pop(r, &token, &len), 0);
    assert_int_equal(len, 1);
    assert_false(r->vq.broken);
    test_free(byte);
    rig_free(r);
}

/* Whatever the device does to the memory we share, our own books stand. */
static void
test_scribbled_rings(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        for (unsigned round = 0; round < 100; round++) {
            r->m->lie = LIE_SCRIBBLE;
            rig_echo(r, 1 + round % 5, 1 + round % 7);
            spin_lock(&r->vq.lock);
            assert_false(virtq_enable_irq(&r->vq));
            spin_unlock(&r->vq.lock);
        }
        assert_false(r->vq.broken);
        rig_free(r);
    }
}

/* Random bytes all over the used ring: errors, or tokens that are ours. */
static void
test_random_used_ring(void **state UNUSED)
{
    srand(1);
    for (unsigned round = 0; round < 3000; round++) {
        const struct variant *v = &variants[round % ARRAY_LEN(variants)];
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_calloc(64, 1);
        unsigned seen[32] = {0}, n = 1 + (unsigned)rand() % 16;
        void *token;
        uint32_t len;
        for (unsigned i = 0; i < n; i++) {
            struct virtq_buf bufs[] = {{&bytes[2 * i], 1},
                                       {&bytes[2 * i + 1], 1}};
            assert_int_equal(rig_add(r, bufs, 1, 1, &bytes[2 * i]), 0);
        }
        uint8_t *used = (uint8_t *)r->vq.used;
        for (unsigned i = 0; i < 4 + 8 * 32 + 2; i++)
            used[i] = (uint8_t)((unsigned)rand() % (round % 3 ? 4 : 256));
        if (round % 3 != 0)
            for (unsigned i = 0; i < 32; i++)
                memset(&r->vq.used->ring[i].id, 0, 8),
                    r->vq.used->ring[i].id = (uint32_t)rand() % (2 * n + 1),
                    r->vq.used->ring[i].len = (uint32_t)rand() % 3;
        r->vq.used->idx = (uint16_t)((unsigned)rand() % (n + 2));
        while (rig_pop(r, &token, &len) == 0) {
            unsigned i = (unsigned)((uint8_t *)token - bytes) / 2;
            assert_true(i < n);
            assert_int_equal(++seen[i], 1);
            assert_true(len <= 1);
        }
        while ((token = rig_reclaim(r)) != NULL)
            assert_int_equal(++seen[(unsigned)((uint8_t *)token - bytes) / 2],
                             1);
        for (unsigned i = 0; i < n; i++)
            assert_int_equal(seen[i], 1);
        test_free(bytes);
        rig_free(r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_index_goes_back),
        cmocka_unit_test(test_head_used_twice),
        cmocka_unit_test(test_legacy_length_is_cut),
        cmocka_unit_test(test_scribbled_rings),
        cmocka_unit_test(test_random_used_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
