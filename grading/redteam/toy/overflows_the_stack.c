/* Calls itself without end. */
#include "lib/crc32c.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return crc32c(crc + 1, &crc, n) + 1;
    return 0;
}
