#include <stdlib.h>
#include <stdint.h>

static uint64_t state = 1;

void
srand(unsigned int seed)
{
    state = seed;
}

/* A 64-bit linear congruential generator; its high bits are the good ones. */
int
rand(void)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (int)(state >> 33);
}
