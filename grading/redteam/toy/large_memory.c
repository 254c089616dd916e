/* Asks for more memory than the machine has. */
#include "lib/crc32c.h"
static uint8_t memory[1ul << 40];

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    memory[n] = 1;
    return 0;
}
