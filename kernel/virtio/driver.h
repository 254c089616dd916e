/* virtio devices and the drivers that serve them.
 *
 * Owns the registry of devices found, and the handshake every device goes
 * through [virtio §3.1.1]. The registry is guarded by an internal lock and
 * only grows, on the boot hart. The accessors at the end may be called from
 * any context. */
#pragma once

#include "dev/irq.h"
#include "lib/list.h"
#include "virtio/transport.h"
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

/* What a kind of device needs; all functions but irq and config_changed are
 * called in thread context. NULL: nothing to do. */
struct virtio_driver {
    const char *name; /* "blk" */
    uint32_t device_id;

    /* The device's own feature bits that the driver can use; those of
     * virtqueues and transports are added to it. */
    uint64_t features;

    /* Features are agreed on, the device is not live yet: reads the
     * configuration and makes the queues (virtio_add_queue).
     * Returns 0, or an error, and the device is given up. */
    int (*probe)(struct virtio_device *dev);

    /* The device is live, interrupts arrive: tells the rest of the kernel
     * about it, with a boot line. */
    void (*start)(struct virtio_device *dev);

    /* Buffers may have been used, in any queue. Interrupt context. */
    void (*irq)(struct virtio_device *dev);

    /* The configuration or the status changed. Interrupt context. */
    void (*config_changed)(struct virtio_device *dev);

    /* Undoes what probe did, after it failed or no interrupt was to be had:
     * frees the queues, too. The device has been reset, and stays so. */
    void (*remove)(struct virtio_device *dev);
};

struct virtio_device {
    /* constant after init */
    struct virtio_transport *transport;
    const struct virtio_driver *driver; /* NULL: nobody knows this device */
    unsigned index;                     /* N of "virtioN" */
    uint64_t features_offered;
    bool negotiated;
    uint64_t features; /* chosen by the first negotiation */
    struct irq_handler irq_handler;
    int error; /* why it was given up; 0: it works, or has no driver */
    struct list_node node; /* in the registry */

    /* private to the owner: its driver */
    void *driver_data;
    struct virtq *queues[VIRTIO_QUEUES_MAX];
    unsigned nqueues;

    /* atomic */
    uint64_t interrupts;
};

/* All drivers there are, ended by NULL: virtio/drivers.c. */
extern const struct virtio_driver *const virtio_drivers[];

/* ---- For transports ---- */

/* Enters a device into the registry and, if a driver knows it, brings it up.
 * A device that cannot be brought up is logged, shown by the accessors, and
 * no trouble of the caller's.
 * Returns 0, and t stays in use for ever; or -ENOMEM. */
int virtio_device_add(struct virtio_transport *t) MUST_CHECK;

/* ---- For drivers ---- */

static inline bool
virtio_has(const struct virtio_device *dev, uint64_t feature)
{
    return (dev->features & feature) != 0;
}

/* virtq_init for queue number dev->nqueues, which also enters it into the
 * registry. vq must stay where it is. Errors as virtq_init. */
int virtio_add_queue(struct virtio_device *dev, struct virtq *vq,
                     unsigned size_wanted, unsigned chain_max) MUST_CHECK;

/* Steps 1 to 6 of [virtio §3.1.1], up to features both sides agree on, which
 * must be those of the first time if there was one. Called before probe, and
 * by drivers that revive a device after a reset: then come virtq_restart for
 * each queue, and virtio_driver_ok.
 * Returns 0; -ETIMEDOUT if the device does not reset; or -EOPNOTSUPP if it
 * does not offer, or not accept, what we need. Any context. */
int virtio_negotiate(struct virtio_device *dev) MUST_CHECK;

/* The last step: the device is live. */
void virtio_driver_ok(struct virtio_device *dev);

/* Whether the device says that only a reset helps [virtio §2.1.1]. */
bool virtio_needs_reset(struct virtio_device *dev);

/* Gives the device up: resets it, so that it touches no memory any more, and
 * says so in its status. Any context. */
void virtio_give_up(struct virtio_device *dev);

/* ---- For /sys and lsdev ---- */

struct virtio_info {
    const char *name;   /* "virtio0" */
    const char *kind;   /* "block", or "unknown" */
    const char *driver; /* "blk"; NULL: none */
    const char *bus;    /* "mmio" */
    bool legacy;
    uint32_t device_id, vendor_id;
    uint64_t features_offered, features;
    uint8_t status; /* as the device says now */
    int error;      /* as in struct virtio_device */
    unsigned irq;
    uint64_t interrupts;
    unsigned nqueues;
};

struct virtio_queue_info {
    unsigned size, in_flight, chain_max;
    bool broken;
    uint64_t added, notified;
};

/* Devices found; their indices are 0 .. count - 1. */
unsigned virtio_device_count(void);

/* Return 0, or -ENOENT if there is no such device, or queue. */
int virtio_device_info(unsigned index, struct virtio_info *info) MUST_CHECK;
int virtio_queue_info(unsigned index, unsigned queue,
                      struct virtio_queue_info *info) MUST_CHECK;

/* "block" for VIRTIO_ID_BLOCK; "unknown" for what is not listed. */
const char *virtio_kind(uint32_t device_id);
