/* The host's stand-in for kernel/arch/cpu.h: harts are numbers, and the test
 * says which one it runs on. */
#pragma once

#include "lib/compiler.h"

#define CPU_MAX 16

struct cpu {
    unsigned index;
    uint64_t hartid;
    bool online;
};

/* The test's to change. */
extern struct cpu host_cpu;
extern unsigned host_cpu_count;

static inline struct cpu *
this_cpu(void)
{
    return &host_cpu;
}

static inline unsigned
cpu_count(void)
{
    return host_cpu_count;
}

/* For tests that have more than the one of kernel_shim.c. */
struct cpu *cpu_get(unsigned i);
