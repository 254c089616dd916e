/* Bytes nobody can guess. */
#pragma once

#include <sys/types.h>

/* Fills to with n random bytes; flags are 0. Returns how many, n for up to 256
 * bytes, or -1 with errno set. */
ssize_t getrandom(void *to, size_t n, unsigned int flags);
