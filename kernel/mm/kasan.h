/* Address checking, in SAN=1 builds: the compiler calls a check before each
 * access, and the allocators say which memory is nobody's.
 *
 * Owns one shadow byte for each 8 bytes of RAM in the direct map: 0 all may
 * be used, n the first n, 0x80 and above none. Other addresses are not
 * checked: the page table guards stacks and image. Any context. In builds
 * without SAN all of this is nothing. */
#pragma once

#include "lib/compiler.h"

#ifdef SAN
/* Takes shadow memory for RAM [start, end), physical; from then on checks. */
void kasan_init(uint64_t start, uint64_t end, void *shadow);

/* [p, p + size) may be used, or not; p is a multiple of 8, and what follows
 * in the last 8 bytes is nobody's. */
void kasan_allow(const void *p, size_t size);
void kasan_forbid(const void *p, size_t size);
#else
static inline void
kasan_allow(const void *p, size_t size)
{
    (void)p, (void)size;
}

static inline void
kasan_forbid(const void *p, size_t size)
{
    (void)p, (void)size;
}
#endif
