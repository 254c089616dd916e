#include "virtio/driver.h"
#include "abi/errno.h"
#include "lib/print.h"
#include "lib/todo.h"

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
    LAB_TODO(7);
}

/* Tells the device which of the features it offers are used: those that
 * common_features and the driver know. Notes both sets in dev [virtio §2.2]. If
 * it has queues already, what these rest on is told again, no more and no less.
 *
 * -EOPNOTSUPP, with a line in the log, if a modern device does not offer
 * VIRTIO_F_VERSION_1 [virtio §6.1], or if the device has queues already and no
 * longer offers what dev->features says they rest on. */
static int
choose_features(struct virtio_device *dev)
{
    LAB_TODO(7);
}

/* Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, in this order
 * [virtio §3.1.1]; a legacy device has no FEATURES_OK [virtio §3.1.2]. A
 * device that does not keep FEATURES_OK set does not accept: -EOPNOTSUPP. */
int
virtio_negotiate(struct virtio_device *dev)
{
    LAB_TODO(7);
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
    LAB_TODO(7);
}
