/* Random bytes from the host: virtio-rng [virtio §5.4].
 *
 * Owns one entropy device; further ones are not used. Guarded by a lock of
 * its own. */
#pragma once

#include "virtio/driver.h"

extern const struct virtio_driver virtio_rng_driver;

/* Fills buf with up to n random bytes, n > 0. Thread context; sleeps for two
 * seconds at most.
 * Returns how many bytes there are, at least one; -ENODEV without a device;
 * -EIO if it is broken; -ETIMEDOUT; or -EINTR for a signal. */
int64_t virtio_rng_read(void *buf, size_t n) MUST_CHECK;
