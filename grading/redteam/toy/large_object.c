/* Asks for an object file of sixteen gigabytes. */
#include "lib/crc32c.h"
__asm__(".data; .fill 0x400000000, 1, 7; .text");

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
