/* SHA-512 [fips180 §6.4]. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA512_SIZE 64

struct sha512 {
    uint64_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[128];
};

void sha512_begin(struct sha512 *s);
void sha512_add(struct sha512 *s, const void *bytes, size_t n);
void sha512_end(struct sha512 *s, uint8_t to[SHA512_SIZE]);
