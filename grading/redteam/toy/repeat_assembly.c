/* Makes the assembler repeat itself without end. */
#include "lib/crc32c.h"
__asm__(".macro again\n again\n again\n .endm\n again");

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
