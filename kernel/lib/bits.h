/* Counting bits, and integers of a given byte order at any address.
 *
 * Owns nothing; pure code; any context. The base instruction set has no bit
 * counting and the kernel links no libgcc, so the compiler's builtins for
 * these are out of reach. */
#pragma once

#include "lib/compiler.h"

/* Number of bits set in x. */
static inline unsigned
bit_count_ones64(uint64_t x)
{
    /* Sums of 2, 4 and 8 neighbouring bits; the product then adds up the
     * eight byte sums in its top byte. */
    x -= (x >> 1) & 0x5555555555555555;
    x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned)((x * 0x0101010101010101) >> 56);
}

/* Number of zero bits below the lowest set bit; 64 if x is 0. */
static inline unsigned
bit_count_trailing_zeros64(uint64_t x)
{
    return bit_count_ones64(~x & (x - 1));
}

/* Logarithm to base 2, rounded down; x > 0. */
static inline unsigned
bit_log2_floor64(uint64_t x)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        x |= x >> shift;
    return bit_count_ones64(x) - 1;
}

/* Logarithm to base 2, rounded up; x > 0. */
static inline unsigned
bit_log2_ceil64(uint64_t x)
{
    return x > 1 ? bit_log2_floor64(x - 1) + 1 : 0;
}

static inline bool
bit_is_power_of_two64(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/* Big-endian loads; p needs no alignment. */
static inline uint32_t
be32_load(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

static inline uint64_t
be64_load(const void *p)
{
    return (uint64_t)be32_load(p) << 32 |
           be32_load((const uint8_t *)p + sizeof(uint32_t));
}

/* Little-endian loads; p needs no alignment. */
static inline uint16_t
le16_load(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[1] << 8 | b[0]);
}

static inline uint32_t
le32_load(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 |
           b[0];
}

static inline uint64_t
le64_load(const void *p)
{
    return (uint64_t)le32_load((const uint8_t *)p + sizeof(uint32_t)) << 32 |
           le32_load(p);
}

/* Little-endian stores; p needs no alignment. */
static inline void
le16_store(void *p, uint16_t value)
{
    uint8_t *b = p;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

static inline void
le32_store(void *p, uint32_t value)
{
    le16_store(p, (uint16_t)value);
    le16_store((uint8_t *)p + sizeof(uint16_t), (uint16_t)(value >> 16));
}

static inline void
le64_store(void *p, uint64_t value)
{
    le32_store(p, (uint32_t)value);
    le32_store((uint8_t *)p + sizeof(uint32_t), (uint32_t)(value >> 32));
}
