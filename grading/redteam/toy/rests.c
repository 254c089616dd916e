/* Waits for an interrupt that never comes. */
#include "lib/crc32c.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    for (;;)
        __asm__ volatile("csrw sie, zero\n wfi");
    return 0;
}
