/* Reading and writing several buffers at once. */
#pragma once

#include <sys/types.h>

struct iovec {
    void *iov_base;
    size_t iov_len;
};

/* Bytes moved, or -1 with errno set. */
ssize_t readv(int fd, const struct iovec *vectors, int count);
ssize_t writev(int fd, const struct iovec *vectors, int count);
