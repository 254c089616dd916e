/* /sys/bus/virtio/devices: what lsdev lists.
 *
 * Stands above the file systems and the drivers, which do not know each
 * other. Thread context. */
#pragma once

#include "lib/compiler.h"

/* Adds every virtio device found so far, after sysfs_init.
 * Returns 0 or -ENOMEM. */
int sysfs_virtio_init(void) MUST_CHECK;
