/* Moving bytes from a file without a buffer of the program's. */
#pragma once

#include <sys/types.h>

/* Writes up to n bytes of the file from, from its offset on (from *from_at,
 * which then moves instead, unless NULL). Returns how many, 0 at the end, or
 * -1 with errno. */
ssize_t sendfile(int to, int from, off_t *from_at, size_t n);
