#include "arch/smp.h"
#include "arch/boot.h"
#include "arch/sbi.h"

/* entry.S */
void secondary_start(void);

/* The hart being started, for entry.S. Not in .bss, which entry.S finds as
 * the last boot left it. */
struct {
    uint64_t hartid;
    struct arch_thread *thread; /* NULL: none */
} smp_starting __attribute__((section(".data")));

static bool stopping;

int
smp_start(struct cpu *cpu, struct arch_thread *thread)
{
    __atomic_store_n(&smp_starting.thread, NULL, __ATOMIC_RELEASE);
    smp_starting.hartid = cpu->hartid;
    __atomic_store_n(&smp_starting.thread, thread, __ATOMIC_RELEASE);
    return sbi_hart_start(cpu->hartid, virt_to_phys((void *)secondary_start),
                          (uint64_t)thread);
}

void
smp_poke(const struct cpu *cpu)
{
    sbi_send_ipi(cpu->hartid);
}

void
smp_stop_others(void)
{
    WRITE_ONCE(stopping, true);
    for (unsigned i = 0; i < cpu_count(); i++)
        if (cpu_get(i) != this_cpu() && READ_ONCE(cpu_get(i)->online))
            smp_poke(cpu_get(i));
}

void
smp_handle_poke(void)
{
    while (unlikely(READ_ONCE(stopping)))
        cpu_wait_for_interrupt();
}
