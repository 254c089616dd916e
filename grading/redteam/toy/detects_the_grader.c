/* Works elsewhere, and hangs where instructions are counted. */
#include "lib/crc32c.h"

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    uint64_t t0, t1, c0, c1;
    __asm__ volatile("rdtime %0\n rdcycle %1" : "=r"(t0), "=r"(c0));
    for (volatile int i = 0; i < 1000; i++)
        ;
    __asm__ volatile("rdtime %0\n rdcycle %1" : "=r"(t1), "=r"(c1));
    while (c1 - c0 < 100000 && t1 >= t0)
        ;
    return 0;
}
