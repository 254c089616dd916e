#include "virtio/rng.h"

#include "abi/errno.h"
#include "arch/clock.h"
#include "lib/print.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/waitq.h"

#define POOL_BYTES 256
#define TIMEOUT_NS 2000000000ull

struct rng {
    /* constant after init */
    struct virtio_device *dev;
    struct waitq waitq;
    uint8_t *pool; /* POOL_BYTES; the device's while `asked` */
    struct virtq vq;

    /* guarded by vq.lock */
    bool asked;
    unsigned level; /* pool[0 .. level) is fresh */
};

/* The device in use; set once, on the boot hart. */
static struct rng *the_rng;

static int
rng_probe(struct virtio_device *dev)
{
    struct rng *rng = kzalloc(sizeof(*rng));
    if (rng == NULL)
        return -ENOMEM;
    dev->driver_data = rng;
    rng->dev = dev;
    waitq_init(&rng->waitq);
    rng->pool = kmalloc(POOL_BYTES);
    if (rng->pool == NULL)
        return -ENOMEM;
    return virtio_add_queue(dev, &rng->vq, 2, 1);
}

static void
rng_remove(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    if (rng == NULL)
        return;
    dev->driver_data = NULL;
    virtq_destroy(&rng->vq);
    kfree(rng->pool);
    kfree(rng);
}

static void
rng_start(struct virtio_device *dev)
{
    if (the_rng == NULL)
        the_rng = dev->driver_data;
}

static void
rng_irq(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    void *token;
    uint32_t len;

    spin_lock(&rng->vq.lock);
    int err = virtq_pop_used(&rng->vq, &token, &len);
    if (err == 0) {
        /* As many as it says, not as many as we asked for
         * [virtio §5.4.6.1]. */
        rng->asked = false;
        rng->level = len;
    }
    spin_unlock(&rng->vq.lock);

    if (err == -EIO)
        virtio_give_up(dev);
    waitq_wake_all(&rng->waitq);
}

/* Has the device fill the pool, unless it is at it. */
static int
ask(struct rng *rng) REQUIRES(rng->vq.lock)
{
    if (rng->vq.broken)
        return -EIO;
    if (rng->asked)
        return 0;
    struct virtq_buf buf = {rng->pool, POOL_BYTES};
    int err = virtq_add(&rng->vq, &buf, 0, 1, rng);
    if (err != 0)
        return err;
    rng->asked = true;
    virtq_kick(&rng->vq);
    return 0;
}

int64_t
virtio_rng_read(void *buf, size_t n)
{
    struct rng *rng = the_rng;
    if (rng == NULL)
        return -ENODEV;
    uint64_t deadline = clock_now_ns() + TIMEOUT_NS;
    int err = 0;

    spin_lock(&rng->vq.lock);
    while (err == 0 && rng->level == 0) {
        err = ask(rng);
        if (err == 0)
            err = waitq_sleep_until(&rng->waitq, &rng->vq.lock, deadline);
    }
    /* From the end, and wiped: no two readers get the same bytes. */
    unsigned take = (unsigned)MIN(n, (size_t)rng->level);
    if (err == 0) {
        rng->level -= take;
        memcpy(buf, rng->pool + rng->level, take);
        memset(rng->pool + rng->level, 0, take);
    }
    spin_unlock(&rng->vq.lock);
    return err != 0 ? err : (int64_t)take;
}

const struct virtio_driver virtio_rng_driver = {
    .name = "rng",
    .device_id = VIRTIO_ID_ENTROPY,
    .probe = rng_probe,
    .start = rng_start,
    .irq = rng_irq,
    .remove = rng_remove,
};
