/* Jumps somewhere. */
#include "lib/crc32c.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    ((void (*)(void))(uintptr_t)(crc + 0x1234567))();
    return 0;
}
