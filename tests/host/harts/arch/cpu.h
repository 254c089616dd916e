/* The host's stand-in for kernel/arch/cpu.h where a test is of several harts:
 * it says which one runs. */
#pragma once

#include "arch/layout.h"

#define CPU_MAX  4
#define ASID_MAX 64

struct space;

struct cpu {
    uint64_t hartid;
    struct space *active;
    const struct space *copying;
    struct space *space;
    uint64_t known[ASID_MAX];
};

struct cpu *this_cpu(void);
struct cpu *cpu_get(unsigned i);
unsigned cpu_count(void);

/* A test may let another hart do something. */
void cpu_relax(void);
