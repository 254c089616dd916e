/* SHA-256, as FIPS 180-4 defines it.
 *
 * State is the caller's; any length, piece by piece. */
#pragma once

#include "lib/compiler.h"

#define SHA256_SIZE 32

struct sha256 {
    uint32_t state[8];
    uint64_t len; /* bytes so far */
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t n);
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE]);
