/* struct stat of newfstatat and fstat, as Linux riscv64 (asm-generic). */
#pragma once

#include "abi/mode.h"
#include "abi/time.h"

struct stat {
    uint64_t st_dev;
    uint64_t st_ino;
    uint32_t st_mode;
    uint32_t st_nlink;
    uint32_t st_uid;
    uint32_t st_gid;
    uint64_t st_rdev;
    uint64_t st_pad1_;
    int64_t st_size;
    int32_t st_blksize;
    int32_t st_pad2_;
    int64_t st_blocks; /* of 512 bytes */
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    uint32_t st_reserved_[2];
};

_Static_assert(sizeof(struct stat) == 128, "Linux riscv64 layout");

/* A device number with 12-bit major and 20-bit minor, as Linux encodes it
 * for user space. */
#define MAKEDEV(major, minor)                              \
    (((uint64_t)(major) << 8) | ((uint64_t)(minor)&0xff) | \
     (((uint64_t)(minor) & ~0xffull) << 12))
#define MAJOR(dev) (((dev) >> 8) & 0xfff)
#define MINOR(dev) (((dev)&0xff) | (((dev) >> 12) & 0xfff00))

/* In place of the nanoseconds of a time for utimensat. */
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe
