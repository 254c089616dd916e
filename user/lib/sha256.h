/* SHA-256 [fips180 §6.2]. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
/* Writes the digest as 64 hexadecimal digits and a terminator. */
void sha256_end(struct sha256 *s, char to[65]);
