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

const struct variant variants[VARIANTS] = {
    {2, 0},
    {2, VIRTIO_F_INDIRECT_DESC},
    {2, VIRTIO_F_EVENT_IDX},
    {2, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX},
    {1, 0},
    {1, VIRTIO_F_INDIRECT_DESC},
    {1, VIRTIO_F_EVENT_IDX},
    {1, VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX},
};

static struct virtio_transport *found;

int
virtio_device_add(struct virtio_transport *t)
{
    strcpy(t->name, "virtio7");
    found = t;
    return 0;
}

void
rig_handshake(struct virtio_transport *t, uint64_t features)
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

void
rig_go_live(struct virtio_transport *t)
{
    t->ops->set_status(t, t->ops->get_status(t) | VIRTIO_STATUS_DRIVER_OK);
}

struct virtio_transport *
rig_probe(struct model *m)
{
    found = NULL;
    assert_true(model_probe(m));
    assert_non_null(found);
    return found;
}

struct rig *
rig_new(const struct variant *v)
{
    struct rig *r = test_calloc(1, sizeof(*r));
    shim_log_clear();
    r->m = model_new(v->version, 42, v->features);
    r->t = rig_probe(r->m);
    rig_handshake(r->t, v->features);
    assert_int_equal(virtq_init(&r->vq, r->t, 0, 32, CHAIN_MAX, v->features),
                     0);
    assert_int_equal(r->vq.size, 32);
    rig_go_live(r->t);
    return r;
}

void
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

int
rig_add(struct rig *r, const struct virtq_buf *bufs, unsigned nout,
        unsigned nin, void *token)
{
    spin_lock(&r->vq.lock);
    int err = virtq_add(&r->vq, bufs, nout, nin, token);
    spin_unlock(&r->vq.lock);
    return err;
}

void
rig_kick(struct rig *r)
{
    spin_lock(&r->vq.lock);
    bool bell = virtq_end_batch(&r->vq);
    spin_unlock(&r->vq.lock);
    if (bell)
        virtq_notify(&r->vq);
}

int
rig_pop(struct rig *r, void **token, uint32_t *len)
{
    spin_lock(&r->vq.lock);
    int err = virtq_pop_used(&r->vq, token, len);
    spin_unlock(&r->vq.lock);
    return err;
}

void *
rig_reclaim(struct rig *r)
{
    spin_lock(&r->vq.lock);
    void *token = virtq_reclaim(&r->vq);
    spin_unlock(&r->vq.lock);
    return token;
}

int
rig_add_byte(struct rig *r, uint8_t *byte)
{
    struct virtq_buf buf = {byte, 1};
    return rig_add(r, &buf, 0, 1, byte);
}

void
rig_complete_byte(struct rig *r, uint8_t *byte)
{
    assert_int_equal(rig_add_byte(r, byte), 0);
    rig_kick(r);
    assert_true(model_run(r->m));
}

void
rig_echo(struct rig *r, unsigned nout, unsigned nin)
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
    assert_int_equal(rig_add(r, bufs, nout, nin, &bufs), 0);
    assert_int_equal(r->vq.in_flight, 1);
    rig_kick(r);
    assert_true(model_run(r->m));
    assert_int_equal(rig_pop(r, &token, &len), 0);
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
