/* A fuzzer of system calls: what is drawn, from a seed.
 *
 * One thread; no locks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct call {
    long number;
    const char *name;
    const char *arguments; /* a letter each, as kernel/abi/syscalls.def says */
};

/* Starts a new row of random numbers. */
void draw_start(uint64_t seed);

/* A random number below limit. */
uint64_t draw_below(uint64_t limit);

/* Makes the files, descriptors and pages that arguments lead to; once in each
 * process that makes calls. */
void draw_prepare(void);

/* A call, and arguments it could have. */
const struct call *draw_call(uint64_t arguments[6]);
