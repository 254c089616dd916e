/* struct statfs of statfs and fstatfs, as Linux riscv64 has it. */
#pragma once

#include <stdint.h>

struct statfs {
    int64_t f_type; /* a number for each file system */
    int64_t f_bsize;
    uint64_t f_blocks; /* of f_bsize bytes, in all */
    uint64_t f_bfree;
    uint64_t f_bavail;
    uint64_t f_files;
    uint64_t f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen; /* longest name */
    int64_t f_frsize;
    int64_t f_flags; /* ST_* */
    int64_t f_spare_[4];
};

_Static_assert(sizeof(struct statfs) == 120, "Linux riscv64 layout");

#define ST_RDONLY 0x0001
#define ST_NOSUID 0x0002
#define ST_VALID  0x0020 /* f_flags is filled in */
