/* A driver just large enough to test virtqueues with, over the model of a
 * device (virtio_model.h). */
#pragma once

#include "virtio_model.h"

#include "virtio/virtq.h"

#define CHAIN_MAX 20 /* of the rig's queue, which has 32 descriptors */

/* What a queue can be like; tests of rings run over all of it. */
struct variant {
    uint32_t version; /* 1: legacy */
    uint64_t features;
};

#define VARIANTS 8

extern const struct variant variants[VARIANTS];

#define for_each_variant(v) \
    for (const struct variant *v = variants; v < variants + VARIANTS; v++)

struct rig {
    struct model *m;
    struct virtio_transport *t;
    struct virtq vq;
};

/* A live device and its queue; the log is empty. */
struct rig *rig_new(const struct variant *v);
void rig_free(struct rig *r);

/* Has mmio.c find the model. Returns its transport, to be freed by kfree. */
struct virtio_transport *rig_probe(struct model *m);

/* Up to FEATURES_OK, and the last step. */
void rig_handshake(struct virtio_transport *t, uint64_t features);
void rig_go_live(struct virtio_transport *t);

/* The functions of virtq.h, under the queue's lock. */
int rig_add(struct rig *r, const struct virtq_buf *bufs, unsigned nout,
            unsigned nin, void *token);
void rig_kick(struct rig *r); /* ends a batch, and notifies if wanted */
int rig_pop(struct rig *r, void **token, uint32_t *len);
void *rig_reclaim(struct rig *r);

/* Adds a chain of one writable byte whose token is its buffer. */
int rig_add_byte(struct rig *r, uint8_t *byte);

/* Adds it, and has the device complete it. */
void rig_complete_byte(struct rig *r, uint8_t *byte);

/* Sends nout and nin buffers, of lengths 1, 2, 3..., and checks that the
 * device writes back what it reads, as far as there is room. */
void rig_echo(struct rig *r, unsigned nout, unsigned nin);
