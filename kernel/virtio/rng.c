#include "virtio/rng.h"

#include "abi/errno.h"
#include "dev/random.h"
#include "lib/string.h"
#include "mm/slab.h"

/* Twice the size of the generator's key. */
#define SEED_BYTES 64

struct rng {
    /* constant after init */
    struct virtq vq;
    uint8_t *seed; /* SEED_BYTES; the device's until it has answered */
};

static int
rng_probe(struct virtio_device *dev)
{
    struct rng *rng = kzalloc(sizeof(*rng));
    if (rng == NULL)
        return -ENOMEM;
    dev->driver_data = rng;
    rng->seed = kmalloc(SEED_BYTES);
    if (rng->seed == NULL)
        return -ENOMEM;
    return virtio_add_queue(dev, &rng->vq, 1, 1);
}

static void
rng_remove(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    if (rng == NULL)
        return;
    dev->driver_data = NULL;
    virtq_destroy(&rng->vq);
    kfree(rng->seed);
    kfree(rng);
}

static void
rng_start(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    struct virtq_buf buf = {rng->seed, SEED_BYTES};

    spin_lock(&rng->vq.lock);
    /* An empty queue has room for one; a broken one has said so. */
    if (virtq_add(&rng->vq, &buf, 0, 1, rng) == 0)
        virtq_kick(&rng->vq);
    spin_unlock(&rng->vq.lock);
}

static void
rng_irq(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    void *token;
    uint32_t len;

    spin_lock(&rng->vq.lock);
    int err = virtq_pop_used(&rng->vq, &token, &len);
    spin_unlock(&rng->vq.lock);

    if (err == 0) {
        /* As many as it says, not as many as we asked for
         * [virtio §5.4.6.1]. */
        random_add(rng->seed, len);
        memset(rng->seed, 0, SEED_BYTES);
    } else if (err == -EIO) {
        virtio_give_up(dev);
    }
}

const struct virtio_driver virtio_rng_driver = {
    .name = "rng",
    .device_id = VIRTIO_ID_ENTROPY,
    .probe = rng_probe,
    .start = rng_start,
    .irq = rng_irq,
    .remove = rng_remove,
};
