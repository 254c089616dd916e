/* virtio devices and the drivers that serve them.
 *
 * Owns the list of devices found, and the handshake every device goes through
 * [virtio §3.1.1]. No lock: the list grows on the boot hart only, before other
 * threads look at it. */
#pragma once

#include "dev/irq.h"
#include "lib/list.h"
#include "virtio/virtq.h"

/* Feature bits that concern every device, besides those of virtq.h
 * [virtio §6]. */
#define VIRTIO_F_ANY_LAYOUT      (1ull << 27) /* legacy only */
#define VIRTIO_F_VERSION_1       (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_ORDER_PLATFORM  (1ull << 36)

/* Device ids that have a driver or a name here [virtio §5]. */
enum virtio_id {
    VIRTIO_ID_NET = 1,
    VIRTIO_ID_BLOCK = 2,
    VIRTIO_ID_CONSOLE = 3,
    VIRTIO_ID_ENTROPY = 4,
    VIRTIO_ID_GPU = 16,
    VIRTIO_ID_INPUT = 18,
};

#define VIRTIO_QUEUES_MAX 8 /* of one device */

struct virtio_device;

/* What a kind of device needs. */
struct virtio_driver {
    const char *name; /* "blk" */
    uint32_t device_id;

    /* The device's own feature bits that the driver can use; those of
     * virtqueues and transports are added to it. */
    uint64_t features;

    size_t data_size; /* of what dev->driver_data points at, zeroed */

    /* Features are agreed on, the device is not live yet: reads the
     * configuration and makes the queues (virtio_add_queue).
     * Returns 0, or an error, and the device is given up. */
    int (*probe)(struct virtio_device *dev);

    /* The device is live, interrupts arrive: tells the rest of the kernel
     * about it, with a boot line. Thread context, like probe. */
    void (*start)(struct virtio_device *dev);

    /* Buffers may have been used, in any queue. Interrupt context. */
    void (*irq)(struct virtio_device *dev);

    /* The configuration or the status changed; NULL: no matter. Interrupt
     * context. */
    void (*config_changed)(struct virtio_device *dev);

    /* Frees what probe allocated, even if it failed half way; NULL: nothing.
     * The device has been reset, its queues are gone. */
    void (*remove)(struct virtio_device *dev);
};

struct virtio_device {
    /* constant after init */
    struct virtio_transport *transport;
    const struct virtio_driver *driver; /* NULL: nobody knows this device */
    uint64_t features_offered, features;
    void *driver_data;
    struct virtq *queues[VIRTIO_QUEUES_MAX];
    unsigned nqueues; /* 0 once it has been given up by its probe */
    struct irq_handler irq_handler;
    struct list_node node; /* in the list of devices */
};

/* All drivers there are, ended by NULL: virtio/drivers.c. */
extern const struct virtio_driver *const virtio_drivers[];
extern const struct virtio_driver virtio_blk_driver, virtio_rng_driver,
    virtio_console_driver;

/* For transports: lists a device and, if a driver knows it, brings it up. One
 * that cannot be brought up is logged and stays listed. Thread context.
 * Returns 0, and t stays in use for ever; or -ENOMEM. */
int virtio_device_add(struct virtio_transport *t) MUST_CHECK;

/* virtio/mmio.c: looks into every slot of memory-mapped registers [virtio §4.2]
 * that the platform lists, modern (version 2) or legacy (version 1, QEMU's
 * default), and hands each device found to virtio_device_add. Empty slots are
 * skipped in silence; one with a wrong magic number or version costs a line in
 * the log. Once, on the boot hart, when interrupts and the scheduler work. */
void virtio_mmio_probe(void);

/* The same for one slot, whose registers are at physical address base.
 * irq: as in struct virtio_transport. Returns whether a device is there. */
bool virtio_mmio_probe_slot(uint64_t base, uint64_t size, unsigned irq);

/* Returns "virtioN" for index N, or NULL. It stays for ever. */
struct virtio_device *virtio_device_get(unsigned index);

/* "block" for VIRTIO_ID_BLOCK; "unknown" for what is not listed. */
const char *virtio_kind(uint32_t device_id);

/* ---- For drivers ---- */

static inline bool
virtio_has(const struct virtio_device *dev, uint64_t feature)
{
    return (dev->features & feature) != 0;
}

/* virtq_init for queue number dev->nqueues, which also lists it there. vq
 * must stay where it is. Errors as virtq_init. */
int virtio_add_queue(struct virtio_device *dev, struct virtq *vq,
                     unsigned size_wanted, unsigned chain_max) MUST_CHECK;

/* virtio/handshake.c: steps 1 to 6 of [virtio §3.1.1], up to features both
 * sides agree on: as many as there are; for a device that has queues those
 * that they rest on, no more and no less. Before probe, and by drivers that
 * revive a device: then come virtq_restart for each queue, and
 * virtio_driver_ok. Returns 0; -ETIMEDOUT if the device does not reset; or
 * -EOPNOTSUPP if it does not offer, or accept, what we need. Any context. */
int virtio_negotiate(struct virtio_device *dev) MUST_CHECK;

/* The last step: the device is live. */
void virtio_driver_ok(struct virtio_device *dev);

/* Gives the device up: resets it, so that it touches no memory any more, and
 * says so in its status. Returns 0; or -ETIMEDOUT, after a message, if memory
 * it knows of is not safe from it. Any context. */
int virtio_give_up(struct virtio_device *dev);
