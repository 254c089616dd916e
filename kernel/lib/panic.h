/* The end of a kernel that has found itself wrong.
 *
 * Owns the panic state; any context. Never for bad input: what users, disks
 * and devices say costs a request, not the kernel. */
#pragma once

#include "lib/compiler.h"

/* What lib cannot know. Each may be NULL. */
struct panic_hooks {
    void (*stop_others)(void); /* the other harts */
    void (*describe)(void);    /* prints hart, process, backtrace */
    void (*end)(void);         /* powers off with a failing status */
};

extern struct panic_hooks panic_hooks;

/* Prints the message and what describe adds, stops the other harts, and ends
 * the machine. */
NORETURN void panic(const char *format, ...) PRINTF(1, 2);

/* assert(cond): as ISO C's, in all builds. */
#define assert(cond)                                                         \
    do {                                                                     \
        if (unlikely(!(cond)))                                               \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* assert_eq(a, b): prints both values when they differ (integers). */
#define assert_eq(a, b)                                                      \
    do {                                                                     \
        uint64_t eq_a_ = (uint64_t)(a), eq_b_ = (uint64_t)(b);               \
        if (unlikely(eq_a_ != eq_b_))                                        \
            panic("%s:%d: %s = %#lx, but %s = %#lx", __FILE__, __LINE__, #a, \
                  (unsigned long)eq_a_, #b, (unsigned long)eq_b_);           \
    } while (0)
