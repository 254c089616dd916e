/* A port to the host: virtio-console [virtio §5.3], one port, and only out.
 * What is traced can leave by it, so nothing here is traced. */
#include "virtio/driver.h"
#include "dev/port.h"
#include "lib/print.h"
#include "mm/frame.h"
#include "proc/waitq.h"

#define BUFFERS 8u /* frames that may be on their way */

/* The queues of port 0 [virtio §5.3.2]. */
enum { QUEUE_RECEIVE, QUEUE_TRANSMIT, QUEUES };

struct console {
    /* constant after init */
    struct port port;
    struct virtq queues[QUEUES];

    /* guarded by the transmit queue's lock */
    void *free[BUFFERS];
    unsigned nfree;
    bool broken;
    struct waitq waiting; /* for a free one */
};

static int
console_probe(struct virtio_device *dev)
{
    struct console *c = dev->driver_data;
    waitq_init(&c->waiting);
    for (; c->nfree < BUFFERS; c->nfree++)
        if (!(c->free[c->nfree] = frame_alloc(0)))
            return -ENOMEM;
    int err = 0;
    for (unsigned i = 0; i < QUEUES && err == 0; i++) {
        err = virtio_add_queue(dev, &c->queues[i], BUFFERS, 1);
        c->queues[i].watch.untraced = true;
    }
    return err;
}

static void
console_remove(struct virtio_device *dev)
{
    struct console *c = dev->driver_data;
    while (c->nfree > 0)
        frame_free(c->free[--c->nfree], 0);
}

/* Waits for a free buffer and takes it. Returns 0, -EINTR or -EIO. */
static int
take_buffer(struct console *c, void **buffer)
{
    struct virtq *vq = &c->queues[QUEUE_TRANSMIT];
    spin_guard(&vq->lock);
    while (c->nfree == 0 && !c->broken) {
        int err = waitq_sleep_until(&c->waiting, &vq->lock, WAIT_FOREVER);
        if (err != 0)
            return err;
    }
    if (c->broken)
        return -EIO;
    *buffer = c->free[--c->nfree];
    return 0;
}

/* Gives the device n bytes of a buffer; none, or if it does not take them: the
 * buffer is free again. */
static int
give(struct console *c, void *buffer, int64_t n)
{
    struct virtq *vq = &c->queues[QUEUE_TRANSMIT];
    struct virtq_buf piece = {buffer, (uint32_t)n};
    spin_lock(&vq->lock);
    int err = n > 0 ? virtq_add(vq, &piece, 1, 0, buffer) : (int)n;
    if (err != 0 || n == 0)
        c->free[c->nfree++] = buffer;
    bool bell = virtq_end_batch(vq);
    spin_unlock(&vq->lock);
    if (bell)
        virtq_notify(vq);
    return err;
}

static int64_t
console_send(struct port *port, struct uio *uio)
{
    struct console *c = container_of(port, struct console, port);
    int64_t done = 0;
    while (uio->residual > 0) {
        void *buffer = NULL;
        int64_t n = 0;
        int err = take_buffer(c, &buffer);
        if (err == 0) {
            n = uio_drain(uio, buffer, PAGE_SIZE);
            err = give(c, buffer, n);
        }
        if (err != 0)
            return done ? done : err;
        done += n;
    }
    return done;
}

static void
console_start(struct virtio_device *dev)
{
    struct console *c = dev->driver_data;
    dev->irq_handler.untraced = true;
    c->port.send = console_send;
    port_register(&c->port);
}

static void
console_irq(struct virtio_device *dev)
{
    struct console *c = dev->driver_data;
    struct virtq *vq = &c->queues[QUEUE_TRANSMIT];
    void *buffer;
    uint32_t len;
    int err;
    spin_lock(&vq->lock);
    do
        while ((err = virtq_pop_used(vq, &buffer, &len)) == 0)
            c->free[c->nfree++] = buffer;
    while (err == -EAGAIN && virtq_enable_irq(vq));
    c->broken = err == -EIO;
    waitq_wake_all(&c->waiting);
    spin_unlock(&vq->lock);
    if (err == -EIO)
        virtio_give_up(dev);
}

const struct virtio_driver virtio_console_driver = {
    .name = "console",
    .device_id = VIRTIO_ID_CONSOLE,
    .data_size = sizeof(struct console),
    .probe = console_probe,
    .start = console_start,
    .irq = console_irq,
    .remove = console_remove,
};
