/* The copy of an extended image's header, in the journal's first block: where
 * everything is, should the header itself be lost.
 *
 * It is written when the image is made or mended; what changes with each mount
 * is not kept up to date in it. One thread. */
#pragma once

#include "fs/eclipsefs/super.h"

/* Copies the header as it is on the disk. Returns 0 or -EIO. */
int header_copy_write(struct blockdev *dev) MUST_CHECK;

/* Puts a sound copy in the header's place, marked as damaged: in the cache,
 * and on the disk if `write`. Returns 0; -EUCLEAN if there is none, -EIO,
 * -ENOMEM. */
int header_copy_use(struct blockdev *dev, bool write) MUST_CHECK;

/* Whether the copy says what the header of fs does: 1 or 0; -EIO, -ENOMEM. */
int header_copy_agrees(struct efs *fs) MUST_CHECK;
