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
    /* No IOMMU is set up, so bus addresses are physical addresses; the
     * fences in arch/barrier.h are those for real devices, too
     * [virtio §6.1]. */
    return features | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
           VIRTIO_F_ORDER_PLATFORM;
}

static void
add_status(struct virtio_transport *t, uint8_t bits)
{
    t->ops->set_status(t, t->ops->get_status(t) | bits);
}

/* Chooses among the features offered. A device that has queues must offer all
 * it did before: they rest on it. */
static int
choose_features(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    uint64_t offered = t->ops->get_features(t);
    if (!t->legacy && !(offered & VIRTIO_F_VERSION_1)) {
        pr_err("%s: a modern device without VIRTIO_F_VERSION_1", t->name);
        return -EOPNOTSUPP;
    }
    dev->features_offered = offered;
    if (dev->nqueues == 0)
        dev->features =
            offered & (common_features(dev) | dev->driver->features);
    if ((dev->features & ~offered) != 0) {
        pr_err("%s: features %#llx were withdrawn", t->name,
               (unsigned long long)(dev->features & ~offered));
        return -EOPNOTSUPP;
    }
    t->ops->set_features(t, dev->features);
    return 0;
}

int
virtio_negotiate(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    int err = t->ops->reset(t);
    if (err != 0) {
        pr_err("%s: does not reset, status %#x", t->name,
               t->ops->get_status(t));
        return err;
    }
    add_status(t, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(t, VIRTIO_STATUS_DRIVER);
    err = choose_features(dev);
    if (err != 0 || t->legacy)
        return err; /* legacy: no FEATURES_OK [virtio §3.1.2] */

    add_status(t, VIRTIO_STATUS_FEATURES_OK);
    if (!(t->ops->get_status(t) & VIRTIO_STATUS_FEATURES_OK)) {
        pr_err("%s: does not accept features %#llx", t->name,
               (unsigned long long)dev->features);
        return -EOPNOTSUPP;
    }
    return 0;
}

void
virtio_driver_ok(struct virtio_device *dev)
{
    add_status(dev->transport, VIRTIO_STATUS_DRIVER_OK);
}

int
virtio_give_up(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    int err = t->ops->reset(t);
    if (err != 0)
        pr_err("%s: does not reset; it may still write to memory", t->name);
    add_status(t, VIRTIO_STATUS_FAILED);
    return err;
}
