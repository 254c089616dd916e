/* The host's stand-in for kernel/arch/cpu.h where events are recorded: harts
 * and the running thread are the test's to change, and so is the clock. */
#pragma once

#include "lib/compiler.h"

#define CPU_MAX          4
#define CPU_TRACE_GROUPS 16

struct trace_ring;

struct cpu {
    struct trace_ring *ring;
    bool in_interrupt;
};

struct arch_thread {
    struct cpu *cpu;
    uint64_t ids;
    bool untraced;
    uint8_t traced[CPU_TRACE_GROUPS];
};

extern struct cpu host_cpus[CPU_MAX];
extern struct arch_thread host_thread;
extern uint64_t host_time;
extern bool host_irq_on;

#define csr_read(csr) (host_##csr)
#define CPU_THREAD_BYTE(at) \
    (*((const uint8_t *)&host_thread + (at))) /* `traced` is asked for */

static inline struct arch_thread *
cpu_thread(void)
{
    return &host_thread;
}

static inline struct cpu *
cpu_get(unsigned index)
{
    return &host_cpus[index];
}

static inline unsigned
cpu_count(void)
{
    return CPU_MAX;
}

static inline bool
cpu_irq_save(void)
{
    bool was = host_irq_on;
    host_irq_on = false;
    return was;
}

static inline void
cpu_irq_restore(bool was_on)
{
    host_irq_on = was_on;
}
