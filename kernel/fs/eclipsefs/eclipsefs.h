/* eclipsefs, mounted: the kernel's inodes over the core in this folder.
 *
 * Owns its struct super and each inode's private part. Thread context, may
 * block. */
#pragma once

#include "fs/inode.h"

/* Whether dev looks like an eclipsefs image, of whatever kind. */
bool eclipsefs_probe(struct blockdev *dev);

/* Mounts the image on dev: for writing, unless read_only, if it is an extended
 * one, sound, and on a device that can be written.
 * Returns 0 and *out, for ops->unmount to free; or, after logging the reason,
 * -EINVAL (no eclipsefs), -EOPNOTSUPP (a kind that is not read here),
 * -EUCLEAN, -EIO, -ENOMEM. */
int eclipsefs_mount(struct blockdev *dev, bool read_only, struct super **out)
    MUST_CHECK;
