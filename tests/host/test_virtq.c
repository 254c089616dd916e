// Split virtqueues and the MMIO transport, against a model of a device.
//
// SOURCES: kernel/virtio/virtq.c kernel/virtio/mmio.c
// SOURCES: kernel/virtio/transport.c mkfs/host_kernel.c
// SOURCES: tests/host/kernel_shim.c tests/host/virtio_model.c
// CFLAGS: -iquote tests/host/include
// LIBS: -Wl,--wrap=print -Wl,--wrap=kmalloc -Wl,--wrap=kzalloc

#include "virtio_model.h"

#include "abi/errno.h"
#include "kernel_shim.h"
#include "mm/slab.h"
#include "virtio/driver.h"
#include "virtio/mmio.h"
#include "virtio/virtq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHAIN_MAX 20

/* What a queue can be like; every test of the ring runs over all of it. */
struct variant {
    uint32_t version;
    uint64_t features;
};

static const struct variant variants[] = {
    {2, 0},
    {2, VIRTIO_F_INDIRECT_DESC},
    {2, VIRTIO_F_EVENT_IDX},
    {2, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX},
    {1, 0},
    {1, VIRTIO_F_INDIRECT_DESC},
    {1, VIRTIO_F_EVENT_IDX},
    {1, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX},
};

#define for_each_variant(v)                  \
    for (const struct variant *v = variants; \
         v < variants + ARRAY_LEN(variants); v++)

/* ---- A driver just large enough ---- */

static struct virtio_transport *found;

int
virtio_device_add(struct virtio_transport *t)
{
    strcpy(t->name, "virtio7");
    found = t;
    return 0;
}

struct rig {
    struct model *m;
    struct virtio_transport *t;
    struct virtq vq;
};

static void
handshake(struct virtio_transport *t, uint64_t features)
{
    const struct virtio_transport_ops *ops = t->ops;
    assert_int_equal(ops->reset(t), 0);
    ops->set_status(t, 3);
    if (!t->legacy)
        features |= VIRTIO_F_VERSION_1;
    assert_int_equal(ops->get_features(t), features);
    ops->set_features(t, features);
    if (!t->legacy)
        ops->set_status(t, 3 | VIRTIO_STATUS_FEATURES_OK);
}

static void
go_live(struct virtio_transport *t)
{
    t->ops->set_status(t, t->ops->get_status(t) | VIRTIO_STATUS_DRIVER_OK);
}

static struct virtio_transport *
probe(struct model *m)
{
    found = NULL;
    assert_true(model_probe(m));
    assert_non_null(found);
    return found;
}

static struct rig *
rig_new(const struct variant *v)
{
    struct rig *r = test_calloc(1, sizeof(*r));
    shim_log_clear();
    r->m = model_new(v->version, 42, v->features);
    r->t = probe(r->m);
    handshake(r->t, v->features);
    assert_int_equal(virtq_init(&r->vq, r->t, 0, 32, CHAIN_MAX, v->features),
                     0);
    assert_int_equal(r->vq.size, 32);
    go_live(r->t);
    return r;
}

static void
rig_free(struct rig *r)
{
    assert_int_equal(r->t->ops->reset(r->t), 0);
    spin_lock(&r->vq.lock);
    while (virtq_reclaim(&r->vq) != NULL)
        ;
    spin_unlock(&r->vq.lock);
    virtq_destroy(&r->vq);
    kfree(r->t); /* the start of mmio.c's own struct */
    test_free(r);
    model_free_all();
}

static int
add(struct rig *r, const struct virtq_buf *bufs, unsigned nout, unsigned nin,
    void *token)
{
    spin_lock(&r->vq.lock);
    int err = virtq_add(&r->vq, bufs, nout, nin, token);
    spin_unlock(&r->vq.lock);
    return err;
}

static void
kick(struct rig *r)
{
    spin_lock(&r->vq.lock);
    virtq_kick(&r->vq);
    spin_unlock(&r->vq.lock);
}

static int
pop(struct rig *r, void **token, uint32_t *len)
{
    spin_lock(&r->vq.lock);
    int err = virtq_pop_used(&r->vq, token, len);
    spin_unlock(&r->vq.lock);
    return err;
}

static void *
reclaim(struct rig *r)
{
    spin_lock(&r->vq.lock);
    void *token = virtq_reclaim(&r->vq);
    spin_unlock(&r->vq.lock);
    return token;
}

/* Adds a chain of one writable byte whose token is its buffer. */
static int
add_byte(struct rig *r, uint8_t *byte)
{
    struct virtq_buf buf = {byte, 1};
    return add(r, &buf, 0, 1, byte);
}

/* ---- Chains ---- */

/* nout and nin buffers, of lengths 1, 2, 3...: the device writes back what
 * it reads, as far as there is room. */
static void
echo_chain(struct rig *r, unsigned nout, unsigned nin)
{
    struct virtq_buf bufs[CHAIN_MAX];
    uint8_t sent[CHAIN_MAX * CHAIN_MAX], back[sizeof(sent)];
    uint32_t nsent = 0, nback = 0, len = 0;
    void *token = NULL;
    for (unsigned i = 0; i < nout + nin; i++) {
        uint32_t n = i % 7 + 1;
        bufs[i] = (struct virtq_buf){test_malloc(n), n};
        memset(bufs[i].base, i < nout ? (int)(i + 1) : 0xee, n);
        if (i < nout) {
            memcpy(sent + nsent, bufs[i].base, n);
            nsent += n;
        }
    }
    assert_int_equal(add(r, bufs, nout, nin, &bufs), 0);
    assert_int_equal(virtq_in_flight(&r->vq), 1);
    kick(r);
    assert_true(model_run(r->m));
    assert_int_equal(pop(r, &token, &len), 0);
    assert_ptr_equal(token, &bufs);
    for (unsigned i = nout; i < nout + nin; i++) {
        memcpy(back + nback, bufs[i].base, bufs[i].len);
        nback += bufs[i].len;
    }
    assert_int_equal(len, MIN(nsent, nback));
    assert_memory_equal(sent, back, len);
    for (uint32_t i = len; i < nback; i++)
        assert_int_equal(back[i], 0xee);
    for (unsigned i = 0; i < nout + nin; i++)
        test_free(bufs[i].base);
}

static void
test_chains_of_every_size(void **state UNUSED)
{
    for_each_variant(v)
    {
        struct rig *r = rig_new(v);
        for (unsigned n = 1; n <= CHAIN_MAX; n++)
            for (unsigned nout = 0; nout <= n; nout++)
                echo_chain(r, nout, n - nout);
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
                assert_int_equal(add_byte(r, &bytes[i]), 0);
            kick(r);
            assert_true(model_run(r->m));
            while (pop(r, &token, &len) == 0)
                seen |= 1u << ((uint8_t *)token - bytes);
            assert_int_equal(seen, 0xff);
        }
        assert_int_equal(r->m->served, 70000);
        assert_int_equal(virtq_in_flight(&r->vq), 0);
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
        while (add_byte(r, &bytes[n]) == 0)
            n++;
        assert_int_equal(n, 32);
        assert_int_equal(add_byte(r, &bytes[n]), -ENOSPC);
        kick(r);
        assert_true(model_run(r->m));
        assert_int_equal(add_byte(r, &bytes[n]), -ENOSPC);
        assert_int_equal(pop(r, &token, &len), 0);
        assert_int_equal(add_byte(r, &bytes[n]), 0);
        assert_int_equal(add_byte(r, &bytes[n]), -ENOSPC);
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
        while (add(r, bufs, 1, 2, bufs) == 0)
            n++;
        assert_int_equal(n, indirect ? 32 : 10);
        kick(r);
        assert_true(model_run(r->m));
        while (pop(r, &token, &len) == 0)
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
            assert_int_equal(add_byte(r, &bytes[i]), 0);
        kick(r);
        r->m->order = ORDER_LIFO;
        assert_true(model_run(r->m));
        for (unsigned i = 10; i-- > 0;) {
            assert_int_equal(pop(r, &token, &len), 0);
            assert_ptr_equal(token, &bytes[i]);
        }
        assert_int_equal(pop(r, &token, &len), -EAGAIN);
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
            assert_int_equal(add_byte(r, &bytes[i]), 0);
        assert_int_equal(r->m->notifications, 0);
        kick(r);
        assert_int_equal(r->m->notifications, 1);
        kick(r);
        assert_int_equal(r->m->notifications, 1);
        assert_int_equal(r->vq.notified, 1);
        assert_int_equal(r->vq.added, 10);
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
        assert_int_equal(add_byte(r, byte), 0);
        assert_true(model_run(r->m)); /* it polls, and says so */
        assert_int_equal(pop(r, &token, &len), 0);
        kick(r);
        unsigned before = r->m->notifications;
        for (unsigned i = 0; i < 100; i++) {
            assert_int_equal(add_byte(r, byte), 0);
            kick(r);
            assert_true(model_run(r->m));
            assert_int_equal(pop(r, &token, &len), 0);
        }
        assert_int_equal(r->m->notifications, before);

        r->m->no_notify = false;
        assert_int_equal(add_byte(r, byte), 0);
        r->m->queues[0].notified = true;
        assert_true(model_run(r->m)); /* now it wants to be told */
        assert_int_equal(pop(r, &token, &len), 0);
        kick(r);
        before = r->m->notifications;
        assert_int_equal(add_byte(r, byte), 0);
        kick(r);
        assert_int_equal(r->m->notifications, before + 1);
        test_free(byte);
        rig_free(r);
    }
}

static void
complete_one(struct rig *r, uint8_t *byte)
{
    assert_int_equal(add_byte(r, byte), 0);
    kick(r);
    assert_true(model_run(r->m));
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
        complete_one(r, byte);
        assert_int_equal(r->t->ops->isr_ack(r->t), VIRTIO_ISR_USED);
        assert_int_equal(r->t->ops->isr_ack(r->t), 0);

        spin_lock(&r->vq.lock);
        virtq_disable_irq(&r->vq);
        spin_unlock(&r->vq.lock);
        assert_int_equal(pop(r, &token, &len), 0);
        for (unsigned i = 0; i < 20; i++) {
            complete_one(r, byte);
            if (i % 2 == 0)
                assert_int_equal(pop(r, &token, &len), 0);
        }
        assert_int_equal(r->t->ops->isr_ack(r->t), 0);

        spin_lock(&r->vq.lock);
        assert_true(virtq_enable_irq(&r->vq)); /* ten came meanwhile */
        spin_unlock(&r->vq.lock);
        while (pop(r, &token, &len) == 0)
            ;
        spin_lock(&r->vq.lock);
        assert_false(virtq_enable_irq(&r->vq));
        spin_unlock(&r->vq.lock);
        complete_one(r, byte);
        assert_int_equal(r->t->ops->isr_ack(r->t), VIRTIO_ISR_USED);
        test_free(byte);
        rig_free(r);
    }
}

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
        assert_int_equal(add(r, bufs, 1, 1, &bytes[2 * i]), 0);
    }
    kick(r);
    r->m->lie = lie;
    r->m->lie_after = 1;
    assert_true(model_run(r->m));

    int err;
    unsigned popped = 0;
    while ((err = pop(r, &token, &len)) == 0)
        popped++;
    assert_int_equal(err, -EIO);
    assert_true(popped < 3);
    assert_true(r->vq.broken);
    assert_int_equal(shim_log_count("virtio7: queue 0 is broken: "), 1);
    assert_int_equal(shim_log_count(says), 1);
    assert_int_equal(pop(r, &token, &len), -EIO);
    assert_int_equal(add_byte(r, bytes), -EIO);
    unsigned notifications = r->m->notifications;
    kick(r);
    assert_int_equal(r->m->notifications, notifications);
    assert_int_equal(shim_log_count("broken"), 1);

    /* All that did not come back can be reclaimed, once. */
    assert_int_equal(r->t->ops->reset(r->t), 0);
    for (; popped < 3; popped++)
        assert_non_null(reclaim(r));
    assert_null(reclaim(r));
    assert_int_equal(virtq_in_flight(&r->vq), 0);

    /* And a device that has learnt its lesson can be used again. */
    handshake(r->t, v->features);
    spin_lock(&r->vq.lock);
    assert_int_equal(virtq_restart(&r->vq), 0);
    spin_unlock(&r->vq.lock);
    go_live(r->t);
    for (unsigned n = 1; n <= CHAIN_MAX; n++)
        echo_chain(r, n / 2, n - n / 2);
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
        complete_one(r, byte);
        assert_int_equal(pop(r, &token, &len), 0);
        r->m->lie = LIE_IDX_BACK;
        complete_one(r, byte);
        assert_int_equal(pop(r, &token, &len), -EIO);
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
            assert_int_equal(add_byte(r, &bytes[i]), 0);
        kick(r);
        r->m->lie = LIE_ID_TWICE;
        r->m->lie_after = 0;
        assert_true(model_run(r->m));
        /* Five used entries: too many at once, whatever they say. */
        assert_int_equal(pop(r, &token, &len), -EIO);
        rig_free(r);

        r = rig_new(v);
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(add_byte(r, &bytes[i]), 0);
        r->m->asleep = true;
        kick(r);
        model_run(r->m);
        struct model_queue *q = &r->m->queues[0];
        unsigned rest = q->nchains - 1;
        q->nchains = 1;
        r->m->asleep = false;
        r->m->lie = LIE_ID_TWICE;
        assert_true(model_run(r->m));
        q->nchains = 0;
        assert_int_equal(pop(r, &token, &len), 0);
        assert_ptr_equal(token, &bytes[0]);
        assert_int_equal(pop(r, &token, &len), -EIO);
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
    complete_one(r, byte);
    assert_int_equal(pop(r, &token, &len), 0);
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
            echo_chain(r, 1 + round % 5, 1 + round % 7);
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
            assert_int_equal(add(r, bufs, 1, 1, &bytes[2 * i]), 0);
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
        while (pop(r, &token, &len) == 0) {
            unsigned i = (unsigned)((uint8_t *)token - bytes) / 2;
            assert_true(i < n);
            assert_int_equal(++seen[i], 1);
            assert_true(len <= 1);
        }
        while ((token = reclaim(r)) != NULL)
            assert_int_equal(++seen[(unsigned)((uint8_t *)token - bytes) / 2],
                             1);
        for (unsigned i = 0; i < n; i++)
            assert_int_equal(seen[i], 1);
        test_free(bytes);
        rig_free(r);
    }
}

/* ---- Making queues ---- */

static void
check_size(uint32_t version, unsigned max, unsigned wanted, int err,
           unsigned size)
{
    struct model *m = model_new(version, 42, 0);
    struct virtio_transport *t = probe(m);
    struct virtq vq;
    m->queues[0].max = max;
    handshake(t, 0);
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
        struct virtio_transport *t = probe(m);
        struct virtq vq, again;
        handshake(t, 0);
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
    handshake(r->t, 0);
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
    struct virtio_transport *t = probe(m);
    struct virtq vq;
    for (unsigned i = 1; i <= 2; i++) {
        handshake(t, VIRTIO_F_INDIRECT_DESC);
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
    struct virtio_transport *t = probe(m);
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
    struct virtio_transport *t = probe(m);
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
    static const struct virtio_config_field fields[] = {
        {0, 8}, {8, 2}, {10, 1}};
    for (uint32_t version = 1; version <= 2; version++) {
        struct model *m = model_new(version, 42, 0);
        struct virtio_transport *t = probe(m);
        model_config16(m, 8, 0x1234);
        m->config[10] = 0x56;
        for (unsigned churn = 0; churn < 20; churn++) {
            struct config c = {.byte = 0};
            m->config_churn = churn;
            assert_int_equal(virtio_config_read(t, fields, 3, &c), 0);
            assert_int_equal(c.low, c.high);
            assert_int_equal(c.half, 0x1234);
            assert_int_equal(c.byte, 0x56);
        }
        struct config c = {.low = 7};
        m->config_churn = 1000000;
        assert_int_equal(virtio_config_read(t, fields, 3, &c), -EIO);
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
    struct virtio_transport *t = probe(m);
    uint8_t config[VIRTIO_CONFIG_MAX];
    struct virtio_config_field inside = {8, 4}, across = {8, 8}, out = {16, 4};
    assert_int_equal(virtio_config_read(t, &inside, 1, config), 0);
    assert_int_equal(virtio_config_read(t, &across, 1, config), -EIO);
    assert_int_equal(virtio_config_read(t, &out, 1, config), -EIO);
    kfree(t);
    model_free_all();
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
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_index_goes_back),
        cmocka_unit_test(test_head_used_twice),
        cmocka_unit_test(test_legacy_length_is_cut),
        cmocka_unit_test(test_scribbled_rings),
        cmocka_unit_test(test_random_used_ring),
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
