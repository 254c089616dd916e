// SOURCES: kernel/lib/fdt.c kernel/lib/fdt_bus.c kernel/dev/platform.c
// SOURCES: kernel/dev/aia.c kernel/dev/isa.c tests/host/fdt_walk.c
/* Device trees: refused with a reason, or walked from end to end through every
 * function. */
#include "fuzz.h"

#include "../fdt_walk.h"
#include "lib/bits.h"

#define HEADER_WORDS 10u

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fdt_walk_all(data, size);
    return 0;
}

static void
store(uint8_t *data, size_t size, size_t at, uint32_t word)
{
    for (size_t i = 0; i < 4 && at + 4 <= size; i++)
        data[at + i] = (uint8_t)(word >> (24 - 8 * i));
}

/* Words are what a tree is made of. Mostly the header is made to agree with the
 * size again, so that what is behind it is reached. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size_t at = seed / 64 % (size + 1) & ~3ul;

    switch (seed % 8) {
    case 0:
        if (at + 4 <= size)
            store(data, size, at, be32_load(data + at) + seed / 7 % 17 - 8);
        break;
    case 1:
        store(data, size, at, 1u << seed / 7 % 32);
        break;
    case 2:
        store(data, size, at, 1 + seed / 7 % 9); /* the tokens */
        break;
    default:
        size = LLVMFuzzerMutate(data, size, most);
    }
    if (seed / 8 % 8 && size >= 4 * HEADER_WORDS) {
        store(data, size, 0, 0xd00dfeed);
        store(data, size, 4, (uint32_t)size);
    }
    return size;
}
