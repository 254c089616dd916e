/* Making an empty extended image.
 *
 * One thread. */
#pragma once

#include "dev/blockdev.h"

struct efs_format {
    uint32_t inodes;         /* at least; 0: one for every four blocks */
    uint32_t journal_blocks; /* 0: by the size of the device */
    const char *label;       /* NULL: none; cut off if too long */
    uint8_t uuid[16];
    uint64_t now;            /* seconds since 1970 */
    uint32_t uid, gid, mode; /* of the root; mode 0: 0755 */
};

/* Makes an empty image that fills dev; what was there is lost.
 * Returns 0, -ENOSPC if dev is too small for that, -EIO, -ENOMEM. */
int efs_format(struct blockdev *dev, const struct efs_format *options)
    MUST_CHECK;

/* Writes an empty journal to count >= JOURNAL_BLOCKS_MIN blocks from start
 * on. Returns 0, -EIO, -ENOMEM. */
int format_journal(struct blockdev *dev, uint64_t start, uint32_t count)
    MUST_CHECK;
