/* Makes the compiler expand a macro without end, or nearly. */
#include "lib/crc32c.h"
#define A(x) x x x x x x x x x x x x x x x x
#define B(x) A(A(A(A(x))))
#define C(x) B(B(B(x)))
static const int many[] = {C(1, )};

uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return (uint32_t)many[n];
    return 0;
}
