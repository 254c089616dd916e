/* Takes the trunk's code out of the tools that make disks. */
#include "lib/crc32c.h"
__asm__(".data; .incbin \"/base/host/mkfs.eclipsefs\"; .text");

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
