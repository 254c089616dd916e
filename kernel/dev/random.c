#include "dev/random.h"
#include "arch/clock.h"
#include "lib/string.h"
#include "sync/spinlock.h"

#define BLOCK_WORDS 16
#define KEY_WORDS   8

static struct {
    struct spinlock lock;
    /* guarded by lock */
    uint32_t key[KEY_WORDS];
    uint64_t counter; /* calls so far: no block is made twice */
} pool = {.lock = SPINLOCK_INIT("random", RANK_RANDOM)};

static uint32_t
rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void
quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = rotate(*d ^ *a, 16);
    *c += *d;
    *b = rotate(*b ^ *c, 12);
    *a += *b;
    *d = rotate(*d ^ *a, 8);
    *c += *d;
    *b = rotate(*b ^ *c, 7);
}

/* The ChaCha20 block function [rfc8439 §2.3] with a 64-bit counter and a
 * 64-bit nonce. */
static void
chacha_block(const uint32_t key[KEY_WORDS], uint64_t counter, uint64_t nonce,
             uint32_t out[BLOCK_WORDS])
{
    uint32_t in[BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(&in[4], key, KEY_WORDS * sizeof(*key));
    in[12] = (uint32_t)counter;
    in[13] = (uint32_t)(counter >> 32);
    in[14] = (uint32_t)nonce;
    in[15] = (uint32_t)(nonce >> 32);
    memcpy(out, in, sizeof(in));

    for (int round = 0; round < 20; round += 2) {
        for (int i = 0; i < 4; i++)
            quarter_round(&out[i], &out[4 + i], &out[8 + i], &out[12 + i]);
        for (int i = 0; i < 4; i++)
            quarter_round(&out[i], &out[4 + (i + 1) % 4], &out[8 + (i + 2) % 4],
                          &out[12 + (i + 3) % 4]);
    }
    for (int i = 0; i < BLOCK_WORDS; i++)
        out[i] += in[i];
}

/* Replaces the key by half a block made of it, and gives the other half to
 * out: whoever learns the key later cannot work back to earlier output. */
static void
step_locked(uint32_t out[KEY_WORDS]) REQUIRES(pool.lock)
{
    uint32_t block[BLOCK_WORDS];
    chacha_block(pool.key, pool.counter++, clock_now_ns(), block);
    memcpy(pool.key, block, sizeof(pool.key));
    memcpy(out, block + KEY_WORDS, KEY_WORDS * sizeof(*out));
}

void
random_add(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint32_t unused[KEY_WORDS];
    spin_guard(&pool.lock);
    while (n > 0) {
        size_t len = MIN(n, sizeof(pool.key));
        uint8_t *key = (uint8_t *)pool.key;
        for (size_t i = 0; i < len; i++)
            key[i] ^= p[i];
        step_locked(unused);
        p += len;
        n -= len;
    }
}

void
random_fill(void *buf, size_t n)
{
    uint8_t *p = buf;
    uint32_t some[KEY_WORDS];
    while (n > 0) {
        size_t len = MIN(n, sizeof(some));
        spin_lock(&pool.lock);
        step_locked(some);
        spin_unlock(&pool.lock);
        memcpy(p, some, len);
        p += len;
        n -= len;
    }
}
