#include "arch/cpu.h"
#include "arch/boot.h"

static struct cpu cpus[CPU_MAX];
static unsigned count;

struct cpu *
cpu_get(unsigned i)
{
    return &cpus[i];
}

unsigned
cpu_count(void)
{
    return count;
}

struct cpu *
cpu_add(uint64_t hartid)
{
    if (count == CPU_MAX)
        return NULL;
    struct cpu *cpu = &cpus[count];
    cpu->index = count++;
    cpu->hartid = hartid;
    return cpu;
}
