// Split virtqueues: chains, rings and notifications.
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

/* ---- Chains ---- */

static void
test_chains_of_every_size(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        for (unsigned n = 1; n <= CHAIN_MAX; n++)
            for (unsigned nout = 0; nout <= n; nout++)
                rig_echo(r, nout, n - nout);
        assert_string_equal(shim_log(), "");
        rig_free(r);
    }
}

/* More chains than an index can count, several at a time. */
static void
test_indices_wrap(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_malloc(8);
        r->m->order = ORDER_SHUFFLED;
        for (unsigned round = 0; round < 70000 / 8; round++) {
            unsigned seen = 0;
            void *token;
            uint32_t len;
            for (unsigned i = 0; i < 8; i++)
                assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
            rig_kick(r);
            assert_true(model_run(r->m));
            while (rig_pop(r, &token, &len) == 0)
                seen |= 1u << ((uint8_t *)token - bytes);
            assert_int_equal(seen, 0xff);
        }
        assert_int_equal(r->m->served, 70000);
        assert_int_equal(r->vq.in_flight, 0);
        test_free(bytes);
        rig_free(r);
    }
}

static void
test_full_ring(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_calloc(40, 1);
        unsigned n = 0;
        void *token;
        uint32_t len;
        while (rig_add_byte(r, &bytes[n]) == 0)
            n++;
        assert_int_equal(n, 32);
        assert_int_equal(rig_add_byte(r, &bytes[n]), -ENOSPC);
        rig_kick(r);
        assert_true(model_run(r->m));
        assert_int_equal(rig_add_byte(r, &bytes[n]), -ENOSPC);
        assert_int_equal(rig_pop(r, &token, &len), 0);
        assert_int_equal(rig_add_byte(r, &bytes[n]), 0);
        assert_int_equal(rig_add_byte(r, &bytes[n]), -ENOSPC);
        test_free(bytes);
        rig_free(r);
    }
}

/* Chains of three use three descriptors each, or a table and only one. */
static void
test_full_ring_of_chains(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        bool indirect = (v->features & VIRTIO_F_INDIRECT_DESC) != 0;
        uint8_t *bytes = test_calloc(3, 1);
        struct virtq_buf bufs[] = {
            {&bytes[0], 1}, {&bytes[1], 1}, {&bytes[2], 1}};
        unsigned n = 0, back = 0;
        void *token;
        uint32_t len;
        while (rig_add(r, bufs, 1, 2, bufs) == 0)
            n++;
        assert_int_equal(n, indirect ? 32 : 10);
        rig_kick(r);
        assert_true(model_run(r->m));
        while (rig_pop(r, &token, &len) == 0)
            back++;
        assert_int_equal(back, n);
        test_free(bytes);
        rig_free(r);
    }
}

static void
test_completed_in_any_order(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_calloc(10, 1);
        void *token;
        uint32_t len;
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
        rig_kick(r);
        r->m->order = ORDER_LIFO;
        assert_true(model_run(r->m));
        for (unsigned i = 10; i-- > 0;) {
            assert_int_equal(rig_pop(r, &token, &len), 0);
            assert_ptr_equal(token, &bytes[i]);
        }
        assert_int_equal(rig_pop(r, &token, &len), -EAGAIN);
        test_free(bytes);
        rig_free(r);
    }
}

/* ---- Notifications ---- */

static void
test_one_bell_for_a_batch(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *bytes = test_calloc(10, 1);
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
        assert_int_equal(r->m->notifications, 0);
        rig_kick(r);
        assert_int_equal(r->m->notifications, 1);
        rig_kick(r);
        assert_int_equal(r->m->notifications, 1);
        assert_int_equal(r->vq.notified, 1);
        assert_int_equal(r->vq.added, 10);

        void *token;
        uint32_t len;
        assert_int_equal(r->vq.batches, 0);
        assert_true(model_run(r->m));
        while (rig_pop(r, &token, &len) == 0)
            ;
        assert_int_equal(r->vq.batches, 1); /* they came back at once */
        test_free(bytes);
        rig_free(r);
    }
}

static void
test_no_bell_for_who_does_not_want_it(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *byte = test_calloc(1, 1);
        void *token;
        uint32_t len;
        r->m->no_notify = true;
        assert_int_equal(rig_add_byte(r, byte), 0);
        assert_true(model_run(r->m)); /* it polls, and says so */
        assert_int_equal(rig_pop(r, &token, &len), 0);
        rig_kick(r);
        unsigned before = r->m->notifications;
        for (unsigned i = 0; i < 100; i++) {
            assert_int_equal(rig_add_byte(r, byte), 0);
            rig_kick(r);
            assert_true(model_run(r->m));
            assert_int_equal(rig_pop(r, &token, &len), 0);
        }
        assert_int_equal(r->m->notifications, before);

        r->m->no_notify = false;
        assert_int_equal(rig_add_byte(r, byte), 0);
        r->m->queues[0].notified = true;
        assert_true(model_run(r->m)); /* now it wants to be told */
        assert_int_equal(rig_pop(r, &token, &len), 0);
        rig_kick(r);
        before = r->m->notifications;
        assert_int_equal(rig_add_byte(r, byte), 0);
        rig_kick(r);
        assert_int_equal(r->m->notifications, before + 1);
        test_free(byte);
        rig_free(r);
    }
}

static void
test_interrupts_only_when_wanted(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *byte = test_calloc(1, 1);
        void *token;
        uint32_t len;
        rig_complete_byte(r, byte);
        assert_int_equal(r->t->ops->isr_ack(r->t), VIRTIO_ISR_USED);
        assert_int_equal(r->t->ops->isr_ack(r->t), 0);

        spin_lock(&r->vq.lock);
        virtq_disable_irq(&r->vq);
        spin_unlock(&r->vq.lock);
        assert_int_equal(rig_pop(r, &token, &len), 0);
        for (unsigned i = 0; i < 20; i++) {
            rig_complete_byte(r, byte);
            if (i % 2 == 0)
                assert_int_equal(rig_pop(r, &token, &len), 0);
        }
        assert_int_equal(r->t->ops->isr_ack(r->t), 0);

        spin_lock(&r->vq.lock);
        assert_true(virtq_enable_irq(&r->vq)); /* ten came meanwhile */
        spin_unlock(&r->vq.lock);
        while (rig_pop(r, &token, &len) == 0)
            ;
        spin_lock(&r->vq.lock);
        assert_false(virtq_enable_irq(&r->vq));
        spin_unlock(&r->vq.lock);
        rig_complete_byte(r, byte);
        assert_int_equal(r->t->ops->isr_ack(r->t), VIRTIO_ISR_USED);
        test_free(byte);
        rig_free(r);
    }
}

/* One for each, if each is asked for. */
static void
test_interrupt_after_interrupt(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *byte = test_calloc(1, 1);
        void *token;
        uint32_t len;
        for (unsigned i = 0; i < 10; i++) {
            rig_complete_byte(r, byte);
            assert_int_equal(r->t->ops->isr_ack(r->t), VIRTIO_ISR_USED);
            assert_int_equal(rig_pop(r, &token, &len), 0);
            spin_lock(&r->vq.lock);
            assert_false(virtq_enable_irq(&r->vq));
            spin_unlock(&r->vq.lock);
        }
        test_free(byte);
        rig_free(r);
    }
}

static void
test_no_interrupt_for_an_empty_ring(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        uint8_t *byte = test_calloc(1, 1);
        spin_lock(&r->vq.lock);
        virtq_disable_irq(&r->vq);
        spin_unlock(&r->vq.lock);
        rig_complete_byte(r, byte);
        assert_int_equal(r->t->ops->isr_ack(r->t), 0);
        test_free(byte);
        rig_free(r);
    }
}

/* The device wants to hear of the chain with number old + ahead: in batches
 * of three that is one of them or none, wherever the index stands. */
static void
test_bell_at_an_index(void **state UNUSED)
{
    struct rig *r = rig_new(&(struct variant){2, VIRTIO_F_EVENT_IDX});
    uint8_t *bytes = test_calloc(3, 1);
    struct model_queue *q = &r->m->queues[0];
    void *token;
    uint32_t len;
    for (unsigned round = 0; round < 70000 / 3; round++) {
        int ahead = (int)(round % 7) - 2;
        uint16_t event = (uint16_t)(r->vq.avail_idx + ahead);
        memcpy(&r->vq.used->ring[r->vq.size], &event, sizeof(event));
        unsigned before = r->m->notifications;
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(rig_add_byte(r, &bytes[i]), 0);
        rig_kick(r);
        assert_int_equal(r->m->notifications - before, ahead >= 0 && ahead < 3);
        q->notified = true;
        assert_true(model_run(r->m));
        while (rig_pop(r, &token, &len) == 0)
            ;
    }
    test_free(bytes);
    rig_free(r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_of_every_size),
        cmocka_unit_test(test_indices_wrap),
        cmocka_unit_test(test_full_ring),
        cmocka_unit_test(test_full_ring_of_chains),
        cmocka_unit_test(test_completed_in_any_order),
        cmocka_unit_test(test_one_bell_for_a_batch),
        cmocka_unit_test(test_no_bell_for_who_does_not_want_it),
        cmocka_unit_test(test_interrupts_only_when_wanted),
        cmocka_unit_test(test_interrupt_after_interrupt),
        cmocka_unit_test(test_no_interrupt_for_an_empty_ring),
        cmocka_unit_test(test_bell_at_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
