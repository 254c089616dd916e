#include "arch/cpu.h"
#include "arch/boot.h"
#include "arch/sbi.h"

static struct cpu cpus[CPU_MAX];
static unsigned count;

/* entry.S */
void secondary_start(void);

/* The hart being started, for entry.S. Not in .bss, which entry.S finds as
 * the last boot left it. */
struct {
    uint64_t hartid;
    struct arch_thread *thread; /* NULL: none */
} cpu_starting __attribute__((section(".data")));

static bool stopping;

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
    cpu->deadline = UINT64_MAX;
    return cpu;
}

int
cpu_start(struct cpu *cpu, struct arch_thread *thread)
{
    __atomic_store_n(&cpu_starting.thread, NULL, __ATOMIC_RELEASE);
    cpu_starting.hartid = cpu->hartid;
    __atomic_store_n(&cpu_starting.thread, thread, __ATOMIC_RELEASE);
    return sbi_hart_start(cpu->hartid, virt_to_phys((void *)secondary_start),
                          (uint64_t)thread);
}

void
cpu_poke(const struct cpu *cpu)
{
    sbi_send_ipi(cpu->hartid);
}

void
cpu_stop_others(void)
{
    WRITE_ONCE(stopping, true);
    for (unsigned i = 0; i < cpu_count(); i++)
        if (cpu_get(i) != this_cpu() && READ_ONCE(cpu_get(i)->online))
            cpu_poke(cpu_get(i));
}

void
cpu_handle_poke(void)
{
    while (unlikely(READ_ONCE(stopping)))
        cpu_wait_for_interrupt();
}
