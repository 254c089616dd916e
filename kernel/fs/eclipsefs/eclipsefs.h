/* eclipsefs, mounted: the kernel's inodes over the reader in this folder.
 *
 * Owns its struct super and each inode's private part. The reader takes no
 * locks, and needs none: a plain image does not change. Thread context, may
 * block. */
#pragma once

#include "fs/inode.h"

/* Whether dev looks like an eclipsefs image, of whatever kind. */
bool eclipsefs_probe(struct blockdev *dev);

/* Mounts the image on dev, read-only.
 * Returns 0 and *out; or, after logging the reason, -EINVAL (no eclipsefs),
 * -EOPNOTSUPP (a kind that is not read here), -EUCLEAN, -EIO, -ENOMEM. */
int eclipsefs_mount(struct blockdev *dev, struct super **out) MUST_CHECK;

/* Frees what eclipsefs_mount made; none of its inodes may be in use. */
void eclipsefs_unmount(struct super *super);

/* Gives back a super that was not added to the tree. */
void eclipsefs_release(struct super *super);
