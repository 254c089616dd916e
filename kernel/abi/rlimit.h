/* Limits of what a process may use, as Linux numbers them. */
#pragma once

#include <stdint.h>

enum {
    RLIMIT_DATA = 2,
    RLIMIT_STACK = 3,
    RLIMIT_CORE = 4,
    RLIMIT_NPROC = 6,
    RLIMIT_NOFILE = 7,
    RLIMIT_AS = 9,
    RLIMIT_COUNT = 16,
};

#define RLIM_INFINITY UINT64_MAX

struct rlimit {
    uint64_t soft, hard;
};
