/* Randomness from the host: virtio-rng [virtio §5.4]. Each entropy device is
 * asked once, when it comes up, for enough bytes to make the kernel's
 * generator unpredictable; nothing waits for the answer. */
#include "virtio/driver.h"
#include "dev/random.h"
#include "lib/string.h"
#include "virtio/virtq_watch.h"

/* Twice the size of the generator's key. */
#define SEED_BYTES 64

struct rng {
    /* constant after init */
    struct virtq vq;

    /* private to the owner: the device, until it has answered */
    uint8_t seed[SEED_BYTES];
};

static int
rng_probe(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    return virtio_add_queue(dev, &rng->vq, 1, 1);
}

static void
rng_start(struct virtio_device *dev)
{
    struct rng *rng = dev->driver_data;
    struct virtq_buf buf = {rng->seed, SEED_BYTES};
    spin_lock(&rng->vq.lock);
    /* An empty queue has room for one; a broken one has said so. */
    bool bell =
        virtq_add(&rng->vq, &buf, 0, 1, rng) == 0 && virtq_end_batch(&rng->vq);
    virtq_watch(&rng->vq);
    spin_unlock(&rng->vq.lock);
    if (bell)
        virtq_notify(&rng->vq);
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
    .data_size = sizeof(struct rng),
    .probe = rng_probe,
    .start = rng_start,
    .irq = rng_irq,
};
