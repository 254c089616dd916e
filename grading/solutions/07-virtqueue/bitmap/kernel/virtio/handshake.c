/* The handshake is a list of steps, taken until one fails. */
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

/* Tells the device which of the features it offers are used: those that
 * common_features and the driver know. Notes both sets in dev [virtio §2.2].
 *
 * -EOPNOTSUPP, with a line in the log, if a modern device does not offer
 * VIRTIO_F_VERSION_1 [virtio §6.1], or if the device has queues already and no
 * longer offers what dev->features says they rest on. */
static int
choose_features(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    uint64_t offered = t->ops->get_features(t);
    uint64_t chosen = offered & (common_features(dev) | dev->driver->features);
    if (!t->legacy && !(offered & VIRTIO_F_VERSION_1)) {
        pr_err("%s: offers no VIRTIO_F_VERSION_1", t->name);
        return -EOPNOTSUPP;
    }
    if (dev->nqueues > 0)
        chosen = dev->features;
    if ((chosen & ~offered) != 0) {
        pr_err("%s: no longer offers features %#llx", t->name,
               (unsigned long long)(chosen & ~offered));
        return -EOPNOTSUPP;
    }
    dev->features_offered = offered;
    dev->features = chosen;
    t->ops->set_features(t, chosen);
    return 0;
}

static int
reset(struct virtio_device *dev)
{
    return dev->transport->ops->reset(dev->transport);
}

static int
say_acknowledge(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_ACKNOWLEDGE);
    return 0;
}

static int
say_driver(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_DRIVER);
    return 0;
}

/* The device takes the bit back if it does not accept [virtio §3.1.1]. A legacy
 * one does not know it [virtio §3.1.2]. */
static int
agree(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    if (t->legacy)
        return 0;
    add_status(t, VIRTIO_STATUS_FEATURES_OK);
    if (t->ops->get_status(t) & VIRTIO_STATUS_FEATURES_OK)
        return 0;
    pr_err("%s: does not accept features %#llx", t->name,
           (unsigned long long)dev->features);
    return -EOPNOTSUPP;
}

/* In the order of [virtio §3.1.1]. */
static int (*const steps[])(struct virtio_device *dev) = {
    reset, say_acknowledge, say_driver, choose_features, agree,
};

int
virtio_negotiate(struct virtio_device *dev)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && i < ARRAY_LEN(steps); i++)
        error = steps[i](dev);
    return error;
}

void
virtio_driver_ok(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_DRIVER_OK);
}

/* Resets the device, and marks it FAILED even if that does not help
 * [virtio §2.1.1]. */
int
virtio_give_up(struct virtio_device *dev)
{
    int error = reset(dev);
    add_status(dev->transport, VIRTIO_STATUS_FAILED);
    if (error != 0)
        pr_err("%s: does not reset: what it knows of memory is lost",
               dev->transport->name);
    return error;
}
