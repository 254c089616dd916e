/* What carries a virtio device: the operations that differ from bus to bus
 * [virtio §4].
 *
 * A bus driver (virtio/mmio.c) makes one struct virtio_transport for each
 * device it finds and hands it to virtio/driver.h. There is no lock: the ops
 * only touch device registers. notify, isr_ack and config_read may be called
 * on any hart, in any context; the others by one thread at a time, the owner
 * of the device. */
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

struct virtio_transport;

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

    /* Tells the device the physical addresses of the parts of queue `index`
     * and lets it be used. size is a power of two; the parts lie as in
     * virtio/virtq.c:allocate_rings. Returns 0, -EBUSY if the device says the
     * queue is in use, or -EIO if it does not accept it. */
    int (*queue_enable)(struct virtio_transport *t, unsigned index,
                        unsigned size, uint64_t descriptors, uint64_t avail,
                        uint64_t used) MUST_CHECK;

    /* "There are new buffers in queue `index`." Writes of RAM made before
     * are visible to the device first. */
    void (*notify)(struct virtio_transport *t, unsigned index);

    /* Reads why the device interrupted, and takes the interrupt back.
     * Returns VIRTIO_ISR_* bits. Reads of RAM made after it see what the
     * device wrote before it interrupted. */
    uint32_t (*isr_ack)(struct virtio_transport *t);

    /* Copies one field of the configuration space, 1, 2, 4 or 8 bytes wide,
     * to *to: a value it had as a whole, though the device may change it at
     * any time [virtio §2.5.1]. Only a field that the offered features say
     * is there may be named.
     * Returns 0, or -EIO if the space ends before it, or does not keep
     * still. */
    int (*config_read)(struct virtio_transport *t, unsigned offset,
                       unsigned width, void *to) MUST_CHECK;
};

struct virtio_transport {
    /* constant after init */
    const struct virtio_transport_ops *ops;
    const char *bus;    /* "mmio" */
    uint32_t device_id; /* what it is [virtio §5]; never 0 */
    uint32_t vendor_id; /* who made it */
    bool legacy;        /* older than VIRTIO_F_VERSION_1 [virtio §6] */
    unsigned irq;       /* for irq_register; 0: it has none */
    char name[16];      /* "virtio0"; set by virtio_device_add */
};
