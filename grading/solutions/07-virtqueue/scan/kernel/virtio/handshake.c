/* The plain way to agree: each step reads the status and writes it back with
 * one bit more; nothing is remembered between them. */
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
    uint64_t used = offered & (common_features(dev) | dev->driver->features);
    if (!t->legacy && !(offered & VIRTIO_F_VERSION_1)) {
        pr_err("%s: does not offer VIRTIO_F_VERSION_1", t->name);
        return -EOPNOTSUPP;
    }
    if (dev->nqueues > 0) {
        used = dev->features;
        if (used & ~offered) {
            pr_err("%s: no longer offers features %#llx", t->name,
                   (unsigned long long)(used & ~offered));
            return -EOPNOTSUPP;
        }
    }
    dev->features_offered = offered;
    dev->features = used;
    t->ops->set_features(t, used);
    return 0;
}

/* Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, in this order
 * [virtio §3.1.1]; a legacy device has no FEATURES_OK [virtio §3.1.2]. A
 * device that does not keep FEATURES_OK set does not accept: -EOPNOTSUPP. */
int
virtio_negotiate(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    int err = t->ops->reset(t);
    if (err != 0)
        return err;
    add_status(t, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(t, VIRTIO_STATUS_DRIVER);
    err = choose_features(dev);
    if (err != 0 || t->legacy)
        return err;
    add_status(t, VIRTIO_STATUS_FEATURES_OK);
    return t->ops->get_status(t) & VIRTIO_STATUS_FEATURES_OK ? 0 : -EOPNOTSUPP;
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
    struct virtio_transport *t = dev->transport;
    int err = t->ops->reset(t);
    if (err != 0)
        pr_err("%s: does not reset, and may still write to memory", t->name);
    add_status(t, VIRTIO_STATUS_FAILED);
    return err;
}
