#include "mm/kasan.h"

#ifdef SAN

#include "arch/layout.h"
#include "lib/panic.h"

#define FORBIDDEN 0x80

static uint8_t *shadow;      /* of `first`; NULL before kasan_init */
static uint64_t first, last; /* direct-map addresses that have a shadow */

void
kasan_init(uint64_t start, uint64_t end, void *memory)
{
    uint8_t *p = memory;
    for (uint64_t i = 0; i < (end - start) / 8; i++)
        p[i] = 0;
    first = DIRECT_BASE + start;
    last = DIRECT_BASE + end;
    shadow = p;
}

static void
mark(const void *p, size_t size, uint8_t value)
{
    uint64_t a = (uint64_t)p;
    if (!shadow || a < first || a >= last)
        return;
    assert(a % 8 == 0);
    uint8_t *s = &shadow[(a - first) / 8];
    for (; size >= 8; size -= 8)
        *s++ = value;
    if (size > 0)
        *s = value == 0 ? (uint8_t)size : value;
}

void
kasan_allow(const void *p, size_t size)
{
    mark(p, size, 0);
}

void
kasan_forbid(const void *p, size_t size)
{
    mark(p, size, FORBIDDEN);
}

static void
check(uint64_t a, size_t size, const char *access, uint64_t pc)
{
    if (!shadow || a < first || a >= last || size == 0)
        return;
    for (uint64_t b = ALIGN_DOWN(a, 8); b < a + size; b += 8) {
        uint8_t allowed = shadow[(b - first) / 8];
        if (likely(allowed == 0) || (allowed < 8 && a + size <= b + allowed))
            continue;
        uint64_t bad = MAX(a, allowed < 8 ? b + allowed : b);
        shadow = NULL; /* the report must not be checked itself */
        panic("kasan: %s of %zu bytes at %#lx from %#lx: %#lx is %s", access,
              size, a, pc, bad,
              allowed < 8 ? "past the object's end" : "not allocated");
    }
}

/* What the compilers call. */
#define CHECKER(name, size)                                             \
    void __asan_load##name##_noabort(uint64_t a);                       \
    void __asan_store##name##_noabort(uint64_t a);                      \
    void __asan_load##name##_noabort(uint64_t a)                        \
    {                                                                   \
        check(a, size, "read", (uint64_t)__builtin_return_address(0));  \
    }                                                                   \
    void __asan_store##name##_noabort(uint64_t a)                       \
    {                                                                   \
        check(a, size, "write", (uint64_t)__builtin_return_address(0)); \
    }

CHECKER(1, 1)
CHECKER(2, 2)
CHECKER(4, 4)
CHECKER(8, 8)
CHECKER(16, 16)

void __asan_loadN_noabort(uint64_t a, size_t size);
void __asan_storeN_noabort(uint64_t a, size_t size);
void __asan_handle_no_return(void);

void
__asan_loadN_noabort(uint64_t a, size_t size)
{
    check(a, size, "read", (uint64_t)__builtin_return_address(0));
}

void
__asan_storeN_noabort(uint64_t a, size_t size)
{
    check(a, size, "write", (uint64_t)__builtin_return_address(0));
}

void
__asan_handle_no_return(void)
{
}

#endif
