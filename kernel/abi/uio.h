/* One buffer of readv and writev, as Linux has it. */
#pragma once

#include <stdint.h>

struct iovec {
    uint64_t iov_base; /* a user address */
    uint64_t iov_len;  /* bytes */
};
