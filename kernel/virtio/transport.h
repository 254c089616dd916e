/* What carries a virtio device: the operations that differ from bus to bus
 * [virtio §4].
 *
 * Owns nothing by itself: a bus driver (virtio/mmio.c) makes one struct
 * virtio_transport for each device it finds and hands it to virtio/driver.h.
 * There is no lock: the ops only touch device registers. Those that set a
 * device up are called by one thread at a time, the owner of the device;
 * notify and isr_ack may be called on any hart, in any context. */
#pragma once

#include "lib/compiler.h"

/* Bits of the device status field [virtio §2.1]. */
#define VIRTIO_STATUS_ACKNOWLEDGE 1
#define VIRTIO_STATUS_DRIVER      2
#define VIRTIO_STATUS_DRIVER_OK   4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED      128

/* What isr_ack returns [virtio §4.2.2]. */
#define VIRTIO_ISR_USED   1 /* a buffer was used in some virtqueue */
#define VIRTIO_ISR_CONFIG 2 /* the configuration or the status changed */

/* Longest part of a configuration space that a driver may describe. */
#define VIRTIO_CONFIG_MAX 128

struct virtio_transport;

/* Physical addresses of the three parts of a split virtqueue [virtio §2.7]. */
struct virtio_queue_areas {
    uint64_t descriptors;
    uint64_t driver; /* the available ring */
    uint64_t device; /* the used ring */
};

struct virtio_transport_ops {
    uint8_t (*get_status)(struct virtio_transport *t);

    /* Writes of RAM made before are visible to the device first. */
    void (*set_status)(struct virtio_transport *t, uint8_t status);

    /* Writes 0 to the status and waits, spinning for 10 ms at most, until
     * it reads as 0: then the device touches no memory any more
     * [virtio §2.4]. Returns 0, or -ETIMEDOUT. */
    int (*reset)(struct virtio_transport *t) MUST_CHECK;

    /* All 64 feature bits; a legacy device has only the lower 32. */
    uint64_t (*get_features)(struct virtio_transport *t);
    void (*set_features)(struct virtio_transport *t, uint64_t features);

    /* The largest size queue `index` can have; 0: there is no such queue. */
    unsigned (*queue_max)(struct virtio_transport *t, unsigned index);

    /* Tells the device where queue `index` is and lets it be used. size is a
     * power of two, at most queue_max. On every transport the areas lie as
     * the legacy layout has them [virtio §2.7.2]: one block, contiguous,
     * aligned to VIRTQ_ALIGN, the used ring at the first multiple of
     * VIRTQ_ALIGN behind the available ring. Returns 0, -EBUSY if the
     * device says the queue is in use, or -EIO if it does not accept it. */
    int (*queue_enable)(struct virtio_transport *t, unsigned index,
                        unsigned size, const struct virtio_queue_areas *areas)
        MUST_CHECK;

    /* "There are new buffers in queue `index`." Writes of RAM made before
     * are visible to the device first. */
    void (*notify)(struct virtio_transport *t, unsigned index);

    /* Reads why the device interrupted, and takes the interrupt back.
     * Returns VIRTIO_ISR_* bits. Reads of RAM made after it see what the
     * device wrote before it interrupted. */
    uint32_t (*isr_ack)(struct virtio_transport *t);

    /* Reads a field of 1, 2 or 4 bytes of the configuration space. */
    uint32_t (*config_get)(struct virtio_transport *t, unsigned offset,
                           unsigned width);

    /* Changes when the configuration space may have changed; always 0 on
     * a legacy device [virtio §2.5.4]. */
    uint32_t (*config_generation)(struct virtio_transport *t);
};

struct virtio_transport {
    /* constant after init */

    /* set by transport */
    const struct virtio_transport_ops *ops;
    const char *bus;      /* "mmio" */
    uint32_t device_id;   /* what it is [virtio §5]; never 0 */
    uint32_t vendor_id;   /* who made it */
    bool legacy;          /* older than VIRTIO_F_VERSION_1 [virtio §6] */
    unsigned irq;         /* for irq_register; 0: it has none */
    uint32_t config_size; /* bytes of configuration space */

    /* set by virtio_device_add */
    char name[16]; /* "virtio0", for messages */
};

/* A field of a configuration space: 1, 2, 4 or 8 bytes. */
struct virtio_config_field {
    uint8_t offset, width;
};

/* Reads n fields to the same offsets of *config, whose other bytes stay as
 * they are: all of one version of the configuration space, which the device
 * may change at any time [virtio §2.5.1]. Only fields that offered features
 * say are there may be named.
 * Returns 0, or -EIO if a field lies outside the space or beyond
 * VIRTIO_CONFIG_MAX, or the space does not keep still. Any context. */
int virtio_config_read(struct virtio_transport *t,
                       const struct virtio_config_field *fields, unsigned n,
                       void *config) MUST_CHECK;
