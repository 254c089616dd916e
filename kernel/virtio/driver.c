#include "virtio/driver.h"
#include "lib/fmt.h"
#include "lib/panic.h"
#include "lib/print.h"
#include "mm/slab.h"
#include "virtio/virtq_watch.h"

static struct list_node devices = LIST_INIT(devices);

/* ---- Interrupts ---- */

static void
watch_queues(struct virtio_device *dev)
{
    for (unsigned i = 0; trace_on(virtq) && i < dev->nqueues; i++) {
        spin_guard(&dev->queues[i]->lock);
        if (!dev->queues[i]->watch.untraced)
            virtq_watch_now(dev->queues[i], 0);
    }
}

static void
handle_irq(void *arg)
{
    struct virtio_device *dev = arg;
    uint32_t isr = dev->transport->ops->isr_ack(dev->transport);
    /* In this order: what a device did before it asks for a reset is done. */
    if (isr & VIRTIO_ISR_USED) {
        watch_queues(dev);
        dev->driver->irq(dev);
        watch_queues(dev);
    }
    if ((isr & VIRTIO_ISR_CONFIG) && dev->driver->config_changed != NULL)
        dev->driver->config_changed(dev);
}

static int
connect_irq(struct virtio_device *dev)
{
    struct virtio_transport *t = dev->transport;
    if (t->irq == 0) {
        pr_err("%s: has no interrupt", t->name);
        return -ENXIO;
    }
    dev->irq_handler =
        (struct irq_handler){.name = t->name, .handle = handle_irq, .arg = dev};
    return irq_register(t->irq, &dev->irq_handler);
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
    const struct virtio_transport *t = dev->transport;
    if (dev->driver == NULL) {
        print_boot(t->name, "no driver for device id %u (%s)", t->device_id,
                   virtio_kind(t->device_id));
        return;
    }
    unsigned size = dev->nqueues > 0 ? dev->queues[0]->size : 0;
    print_boot(t->name, "%s, %u descriptor%s%s%s%s, irq %u", dev->driver->name,
               size, size == 1 ? "" : "s",
               virtio_has(dev, VIRTIO_F_INDIRECT_DESC) ? ", indirect" : "",
               virtio_has(dev, VIRTIO_F_EVENT_IDX) ? ", event idx" : "",
               t->legacy ? ", legacy" : "", t->irq);
}

static int
bring_up(struct virtio_device *dev)
{
    dev->driver_data = kzalloc(dev->driver->data_size);
    if (dev->driver_data == NULL)
        return -ENOMEM;
    int err = virtio_negotiate(dev) ?: dev->driver->probe(dev);
    err = err ?: connect_irq(dev);
    if (err != 0)
        return err;
    virtio_driver_ok(dev);
    print_found(dev);
    dev->driver->start(dev);
    return 0;
}

static void
take_down(struct virtio_device *dev)
{
    /* Rings that it may still write to must not become somebody else's
     * memory [virtio §3.3.1]. */
    if (virtio_give_up(dev) != 0 && dev->nqueues > 0)
        return;
    while (dev->nqueues > 0)
        virtq_destroy(dev->queues[--dev->nqueues]);
    if (dev->driver->remove != NULL && dev->driver_data != NULL)
        dev->driver->remove(dev);
    kfree(dev->driver_data);
    dev->driver_data = NULL;
}

int
virtio_device_add(struct virtio_transport *t)
{
    static unsigned count;
    struct virtio_device *dev = kzalloc(sizeof(*dev));
    if (dev == NULL)
        return -ENOMEM;
    dev->transport = t;
    for (unsigned i = 0; virtio_drivers[i] != NULL; i++)
        if (virtio_drivers[i]->device_id == t->device_id)
            dev->driver = virtio_drivers[i];
    snprintf(t->name, sizeof(t->name), "virtio%u", count++);
    list_push_back(&devices, &dev->node);

    if (dev->driver == NULL) {
        dev->features_offered = t->ops->get_features(t);
        print_found(dev);
        return 0;
    }
    int err = bring_up(dev);
    if (err != 0) {
        pr_err("%s: given up, error %d", t->name, err);
        take_down(dev);
    }
    return 0;
}

/* ---- For /sys and lsdev ---- */

struct virtio_device *
virtio_device_get(unsigned index)
{
    return list_find(struct virtio_device, dev, &devices, node, index-- == 0);
}

const char *
virtio_kind(uint32_t device_id)
{
    static const char *const kinds[] = {
        [VIRTIO_ID_NET] = "network",     [VIRTIO_ID_BLOCK] = "block",
        [VIRTIO_ID_CONSOLE] = "console", [VIRTIO_ID_ENTROPY] = "entropy",
        [VIRTIO_ID_GPU] = "gpu",         [VIRTIO_ID_INPUT] = "input",
    };
    bool listed = device_id < ARRAY_LEN(kinds) && kinds[device_id] != NULL;
    return listed ? kinds[device_id] : "unknown";
}
