/* Takes the place of the code that starts the kernel. */
#include "lib/crc32c.h"
__asm__(".section .text.entry, \"ax\"; .globl _begin; _begin: j _begin; .text");

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
