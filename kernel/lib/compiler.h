/* What the compiler can be asked to check or promise, and the errors that
 * functions whose results have to be checked return.
 *
 * Owns nothing; usable from any context, by kernel, tools and tests alike. */
#pragma once

#include "abi/errno.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK    __attribute__((warn_unused_result))
#define NORETURN      __attribute__((noreturn))
#define UNUSED        __attribute__((unused))
#define ALIGNED(n)    __attribute__((aligned(n)))
#define NOINLINE      __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define ALIAS(name)   __attribute__((alias(name)))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))

/* struct OWNED(thing) x: thing_end(&x) is called as x goes, whichever way leads
 * out of its block. */
#define AT_END(f)   __attribute__((cleanup(f)))
#define OWNED(type) type AT_END(type##_end)

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define JOIN_(a, b)    a##b
#define JOIN(a, b)     JOIN_(a, b)
#define UNIQUE(prefix) JOIN(prefix, __COUNTER__)

#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr)-offsetof(type, member)))

/* n must be a power of two. */
#define ALIGN_DOWN(x, n) ((x) & ~((__typeof__(x))(n)-1))
#define ALIGN_UP(x, n)   ALIGN_DOWN((x) + (__typeof__(x))(n)-1, n)

#define MIN(a, b)                          \
    ({                                     \
        __typeof__(a) min_a_ = (a);        \
        __typeof__(b) min_b_ = (b);        \
        min_a_ < min_b_ ? min_a_ : min_b_; \
    })
#define MAX(a, b)                          \
    ({                                     \
        __typeof__(a) max_a_ = (a);        \
        __typeof__(b) max_b_ = (b);        \
        max_a_ > max_b_ ? max_a_ : max_b_; \
    })

#define SWAP(a, b)                   \
    do {                             \
        __typeof__(a) swap_a_ = (a); \
        (a) = (b);                   \
        (b) = swap_a_;               \
    } while (0)

/* One access, not torn, merged or repeated; orders nothing. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* Lock contracts on prototypes: empty under gcc, checked by
 * clang -Wthread-safety. HOLDS: from the call on, the lock is held. */
#ifdef __clang__
#define LOCK_TYPE(name) __attribute__((capability(name)))
#define REQUIRES(...)   __attribute__((requires_capability(__VA_ARGS__)))
#define EXCLUDES(...)   __attribute__((locks_excluded(__VA_ARGS__)))
#define ACQUIRES(...)   __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)   __attribute__((release_capability(__VA_ARGS__)))
#define HOLDS(...)      __attribute__((assert_capability(__VA_ARGS__)))
#define NO_LOCK_CHECK   __attribute__((no_thread_safety_analysis))
#else
#define LOCK_TYPE(name)
#define REQUIRES(...)
#define EXCLUDES(...)
#define ACQUIRES(...)
#define RELEASES(...)
#define HOLDS(...)
#define NO_LOCK_CHECK
#endif
