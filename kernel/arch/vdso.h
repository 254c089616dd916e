/* The vDSO: one page of code that the kernel gives every program, a shared
 * object made from arch/vdso/.
 *
 * Owns the image, which the build embeds; sys/vdso.c fills in its data and maps
 * it. Any context. */
#pragma once

#include "arch/layout.h"

/* Where it is: above the stack, in every address space. */
#define VDSO_BASE (USER_END - PAGE_SIZE)

/* What its functions know of the clocks, inside the page. */
struct vdso_data {
    uint64_t boot_ticks;   /* the time CSR when the kernel was entered */
    uint64_t hz;           /* of the time CSR */
    int64_t wall_clock_ns; /* wall clock minus monotonic clock */
};

/* The image, and offsets in it: of its struct vdso_data, and of the code that
 * calls rt_sigreturn. */
extern const char vdso_start[], vdso_end[];
extern const uint64_t vdso_data_at, vdso_sigreturn_at;
