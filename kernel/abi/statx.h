/* struct statx of statx, as Linux has it. */
#pragma once

#include <stdint.h>

struct statx_timestamp {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t reserved_;
};

struct statx {
    uint32_t stx_mask; /* STATX_*: what is filled in */
    uint32_t stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink;
    uint32_t stx_uid;
    uint32_t stx_gid;
    uint16_t stx_mode;
    uint16_t pad1_;
    uint64_t stx_ino;
    uint64_t stx_size;
    uint64_t stx_blocks; /* of 512 bytes */
    uint64_t stx_attributes_mask;
    struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor;
    uint32_t stx_dev_major, stx_dev_minor;
    uint64_t spare_[14];
};

_Static_assert(sizeof(struct statx) == 256, "Linux layout");

#define STATX_BASIC_STATS 0x7ffu
#define STATX_RESERVED    0x80000000u

#define AT_STATX_SYNC_TYPE 0x6000 /* how fresh: here, always */
