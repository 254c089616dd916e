#include "lib/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* CRC-32C, bits reversed */
#define SLICES     8u          /* bytes taken at once */

typedef uint64_t __attribute__((may_alias)) word_t;

/* table[b][s] is the checksum of byte b with s zero bytes after it: a word's
 * checksum is that of its bytes, each with its distance to the word's end,
 * added up. Written once, or by several at once with the same values. */
static uint32_t table[256][SLICES];
static bool ready; /* atomic */

static void
build_table(void)
{
    for (unsigned b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        WRITE_ONCE(table[b][0], crc);
    }
    for (unsigned b = 0; b < 256; b++)
        for (unsigned s = 1; s < SLICES; s++) {
            uint32_t crc = table[b][s - 1];
            WRITE_ONCE(table[b][s], crc >> 8 ^ table[crc & 0xff][0]);
        }
    __atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

static inline uint32_t
add_byte(uint32_t crc, uint8_t byte)
{
    return crc >> 8 ^ table[(crc ^ byte) & 0xff][0];
}

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
        build_table();
    crc = ~crc;
    for (; n > 0 && (uintptr_t)p % sizeof(word_t) != 0; n--)
        crc = add_byte(crc, *p++);
    for (; n >= sizeof(word_t); n -= sizeof(word_t), p += sizeof(word_t)) {
        uint64_t word = *(const word_t *)p ^ crc; /* little-endian */
        crc = 0;
#pragma GCC unroll 8
        for (unsigned s = 0; s < SLICES; s++)
            crc ^= table[word >> 8 * s & 0xff][SLICES - 1 - s];
    }
    for (; n > 0; n--)
        crc = add_byte(crc, *p++);
    return ~crc;
}
