#include "virtio/driver.h"

#include "abi/errno.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/slab.h"

static struct spinlock registry_lock =
    SPINLOCK_INIT("virtio devices", RANK_DEVICE);
/* guarded by registry_lock */
static struct list_node registry = LIST_INIT(registry); /* by index */
static unsigned count;

/* ---- The handshake [virtio §3.1.1] ---- */

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

/* Chooses among the features offered. A device that is negotiated with again
 * must offer all it did the first time: queues and limits rest on it. */
static int
choose_features(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    uint64_t offered = t->ops->get_features(t);
    uint64_t wanted = common_features(dev) | dev->driver->features;

    if (!t->legacy && !(offered & VIRTIO_F_VERSION_1)) {
        pr_err("%s: a modern device without VIRTIO_F_VERSION_1", t->name);
        return -EOPNOTSUPP;
    }
    if ((dev->features & ~offered) != 0) {
        pr_err("%s: features %#llx were withdrawn", t->name,
               (unsigned long long)(dev->features & ~offered));
        return -EOPNOTSUPP;
    }
    dev->features_offered = offered;
    if (!dev->negotiated)
        dev->features = offered & wanted;
    dev->negotiated = true;
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

bool
virtio_needs_reset(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    return (t->ops->get_status(t) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

void
virtio_give_up(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    if (t->ops->reset(t) != 0)
        pr_err("%s: does not reset; it may still write to memory", t->name);
    add_status(t, VIRTIO_STATUS_FAILED);
}

/* ---- Interrupts ---- */

static void
handle_irq(void *arg)
{
    struct virtio_device *dev = arg;
    uint32_t isr = dev->transport->ops->isr_ack(dev->transport);

    __atomic_fetch_add(&dev->interrupts, 1, __ATOMIC_RELAXED);
    if ((isr & VIRTIO_ISR_CONFIG) && dev->driver->config_changed != NULL)
        dev->driver->config_changed(dev);
    if ((isr & VIRTIO_ISR_USED) && dev->driver->irq != NULL)
        dev->driver->irq(dev);
}

static int
connect_irq(struct virtio_device *dev)
{
    if (dev->transport->irq == 0) {
        pr_err("%s: has no interrupt", dev->transport->name);
        return -ENXIO;
    }
    dev->irq_handler = (struct irq_handler){
        .name = dev->transport->name,
        .handle = handle_irq,
        .arg = dev,
    };
    return irq_register(dev->transport->irq, &dev->irq_handler);
}

/* ---- Bringing a device up ---- */

int
virtio_add_queue(struct virtio_device *dev, struct virtq *vq,
                 unsigned size_wanted, unsigned chain_max)
{
    assert(dev->nqueues < VIRTIO_QUEUES_MAX);
    int err = virtq_init(vq, dev->transport, dev->nqueues, size_wanted,
                         chain_max, dev->features);
    if (err != 0) {
        pr_err("%s: queue %u: error %d", dev->transport->name, dev->nqueues,
               err);
        return err;
    }
    dev->queues[dev->nqueues++] = vq;
    return 0;
}

static void
print_found(const struct virtio_device *dev)
{
    const char *name = dev->transport->name;
    if (dev->driver == NULL) {
        print_boot(name, "no driver for device id %u (%s)",
                   dev->transport->device_id,
                   virtio_kind(dev->transport->device_id));
        return;
    }
    unsigned size = dev->nqueues > 0 ? dev->queues[0]->size : 0;
    print_boot(name, "%s, %u descriptor%s%s%s%s, irq %u", dev->driver->name,
               size, size == 1 ? "" : "s",
               virtio_has(dev, VIRTIO_F_INDIRECT_DESC) ? ", indirect" : "",
               virtio_has(dev, VIRTIO_F_EVENT_IDX) ? ", event idx" : "",
               dev->transport->legacy ? ", legacy" : "", dev->transport->irq);
}

static int
bring_up(struct virtio_device *dev)
{
    int err = virtio_negotiate(dev);
    if (err == 0)
        err = dev->driver->probe(dev);
    if (err == 0)
        err = connect_irq(dev);
    if (err != 0)
        return err;
    virtio_driver_ok(dev);
    print_found(dev);
    if (dev->driver->start != NULL)
        dev->driver->start(dev);
    return 0;
}

static const struct virtio_driver *
find_driver(uint32_t device_id)
{
    for (unsigned i = 0; virtio_drivers[i] != NULL; i++)
        if (virtio_drivers[i]->device_id == device_id)
            return virtio_drivers[i];
    return NULL;
}

static struct virtio_device *
enter(struct virtio_transport *t)
{
    struct virtio_device *dev = kzalloc(sizeof(*dev));
    if (dev == NULL)
        return NULL;
    dev->transport = t;
    dev->driver = find_driver(t->device_id);
    spin_lock(&registry_lock);
    dev->index = count++;
    snprintf(t->name, sizeof(t->name), "virtio%u", dev->index);
    list_push_back(&registry, &dev->node);
    spin_unlock(&registry_lock);
    return dev;
}

int
virtio_device_add(struct virtio_transport *t)
{
    struct virtio_device *dev = enter(t);
    if (dev == NULL)
        return -ENOMEM;
    if (dev->driver == NULL) {
        dev->features_offered = t->ops->get_features(t);
        print_found(dev);
        return 0;
    }
    dev->error = bring_up(dev);
    if (dev->error == 0)
        return 0;
    pr_err("%s: given up, error %d", t->name, dev->error);
    virtio_give_up(dev);
    dev->nqueues = 0;
    if (dev->driver->remove != NULL)
        dev->driver->remove(dev);
    return 0;
}

/* ---- For /sys and lsdev ---- */

unsigned
virtio_device_count(void)
{
    return READ_ONCE(count);
}

/* Devices stay for ever, so the pointer outlives the lock. */
static struct virtio_device *
find_device(unsigned index)
{
    struct virtio_device *found = NULL;
    spin_lock(&registry_lock);
    list_for_each (node, &registry) {
        struct virtio_device *dev =
            list_entry(node, struct virtio_device, node);
        if (dev->index == index)
            found = dev;
    }
    spin_unlock(&registry_lock);
    return found;
}

const char *
virtio_kind(uint32_t device_id)
{
    switch (device_id) {
    case VIRTIO_ID_NET:
        return "network";
    case VIRTIO_ID_BLOCK:
        return "block";
    case VIRTIO_ID_CONSOLE:
        return "console";
    case VIRTIO_ID_ENTROPY:
        return "entropy";
    case VIRTIO_ID_GPU:
        return "gpu";
    case VIRTIO_ID_INPUT:
        return "input";
    default:
        return "unknown";
    }
}

int
virtio_device_info(unsigned index, struct virtio_info *info)
{
    struct virtio_device *dev = find_device(index);
    if (dev == NULL)
        return -ENOENT;
    struct virtio_transport *t = dev->transport;
    *info = (struct virtio_info){
        .name = t->name,
        .kind = virtio_kind(t->device_id),
        .driver = dev->driver != NULL ? dev->driver->name : NULL,
        .bus = t->bus,
        .legacy = t->legacy,
        .device_id = t->device_id,
        .vendor_id = t->vendor_id,
        .features_offered = dev->features_offered,
        .features = dev->features,
        .status = t->ops->get_status(t),
        .error = dev->error,
        .irq = t->irq,
        .interrupts = __atomic_load_n(&dev->interrupts, __ATOMIC_RELAXED),
        .nqueues = dev->nqueues,
    };
    return 0;
}

int
virtio_queue_info(unsigned index, unsigned queue,
                  struct virtio_queue_info *info)
{
    const struct virtio_device *dev = find_device(index);
    if (dev == NULL || queue >= dev->nqueues)
        return -ENOENT;
    const struct virtq *vq = dev->queues[queue];
    *info = (struct virtio_queue_info){
        .size = vq->size,
        .in_flight = virtq_in_flight(vq),
        .chain_max = vq->chain_max,
        .broken = READ_ONCE(vq->broken),
        .added = READ_ONCE(vq->added),
        .notified = READ_ONCE(vq->notified),
    };
    return 0;
}
