#include "virtio/driver.h"

#include "virtio/blk.h"
#include "virtio/rng.h"

const struct virtio_driver *const virtio_drivers[] = {
    &virtio_blk_driver,
    &virtio_rng_driver,
    NULL,
};
