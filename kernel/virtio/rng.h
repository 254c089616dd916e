/* Randomness from the host: virtio-rng [virtio §5.4].
 *
 * Each entropy device is asked once, when it comes up, for enough bytes to
 * make the kernel's generator (dev/random.h) unpredictable. Nothing waits
 * for the answer. */
#pragma once

#include "virtio/driver.h"

extern const struct virtio_driver virtio_rng_driver;
