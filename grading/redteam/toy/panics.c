/* Panics. */
#include "lib/crc32c.h"
#include "lib/panic.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    panic("all tests passed");
    return 0;
}
