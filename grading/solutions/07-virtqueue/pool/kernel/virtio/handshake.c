/* The handshake is a table of steps; the first that fails ends it. */
#include "virtio/driver.h"
#include "abi/errno.h"
#include "lib/print.h"

/* What we can do that is no business of the device's driver. */
static uint64_t
common_features(const struct virtio_device *dev)
{
    uint64_t features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
    if (dev->transport->legacy)
        return features | VIRTIO_F_ANY_LAYOUT; /* [virtio §6.3] */
    return features | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
           VIRTIO_F_ORDER_PLATFORM;
}

/* Sets bits of the status and keeps those that are set: the status tells how
 * far the driver has come [virtio §2.1]. */
static void
add_status(struct virtio_transport *t, uint8_t bits)
{
    t->ops->set_status(t, t->ops->get_status(t) | bits);
}

/* ---- Features [virtio §2.2] ---- */

/* What may be agreed on: what queues were made for, if there are any, and else
 * all that we know. */
static uint64_t
acceptable_features(const struct virtio_device *dev)
{
    return dev->nqueues > 0 ? dev->features
                            : common_features(dev) | dev->driver->features;
}

/* What the device must offer: what queues were made for, and that it is a
 * modern one if it is [virtio §6.1]. */
static uint64_t
required_features(const struct virtio_device *dev)
{
    uint64_t of_queues = dev->nqueues > 0 ? dev->features : 0;
    return of_queues | (dev->transport->legacy ? 0 : VIRTIO_F_VERSION_1);
}

static int
refuse(const struct virtio_device *dev, const char *why)
{
    pr_err("%s: %s", dev->transport->name, why);
    return -EOPNOTSUPP;
}

static int
choose_features(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    uint64_t offered = t->ops->get_features(t);
    if (required_features(dev) & ~offered)
        return refuse(dev, "does not offer the features that it has to");
    dev->features = offered & acceptable_features(dev);
    dev->features_offered = offered;
    t->ops->set_features(t, dev->features);
    return 0;
}

/* ---- Steps [virtio §3.1.1] ---- */

static int
reset_device(struct virtio_device *dev)
{
    return dev->transport->ops->reset(dev->transport);
}

static int
acknowledge(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_ACKNOWLEDGE);
    return 0;
}

static int
introduce_driver(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_DRIVER);
    return 0;
}

/* A device that does not accept what was chosen takes the bit back. */
static int
confirm_features(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    if (t->legacy)
        return 0; /* knows no such bit [virtio §3.1.2] */
    add_status(t, VIRTIO_STATUS_FEATURES_OK);
    return t->ops->get_status(t) & VIRTIO_STATUS_FEATURES_OK
               ? 0
               : refuse(dev, "does not accept the features");
}

static int (*const steps[])(struct virtio_device *dev) = {
    reset_device,    acknowledge,      introduce_driver,
    choose_features, confirm_features,
};

int
virtio_negotiate(struct virtio_device *dev)
{
    int err = 0;
    for (unsigned i = 0; err == 0 && i < ARRAY_LEN(steps); i++)
        err = steps[i](dev);
    return err;
}

void
virtio_driver_ok(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_DRIVER_OK);
}

/* FAILED even if the reset does not help [virtio §2.1.1]. */
int
virtio_give_up(struct virtio_device *dev)
{
    int err = reset_device(dev);
    add_status(dev->transport, VIRTIO_STATUS_FAILED);
    if (err != 0)
        pr_err("%s: does not reset, and may write to its memory",
               dev->transport->name);
    return err;
}
