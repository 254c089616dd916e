#include "virtio/driver.h"

const struct virtio_driver *const virtio_drivers[] = {
    &virtio_blk_driver,
    &virtio_rng_driver,
    &virtio_console_driver,
    NULL,
};
