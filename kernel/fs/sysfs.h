/* /sys: devices and what is known of them, as text.
 *
 * Owns the tree of names, kept as a pseudo file system. Layers above add
 * their own devices. Thread context, may block. */
#pragma once

#include "fs/pseudo.h"

/* Makes the tree: /sys/block with every block device registered so far, and
 * /sys/firmware/fdt. Once, after the probing of devices.
 * Returns 0, -ENOMEM. */
int sysfs_init(void) MUST_CHECK;

struct super *sysfs_super(void);

/* The directory that a path without leading slash names, as "bus/virtio",
 * made where it is missing; constant from then on. Returns NULL without
 * memory, or before sysfs_init. */
struct pseudo_node *sysfs_dir(const char *path);
