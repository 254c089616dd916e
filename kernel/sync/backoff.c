#include "sync/backoff.h"
#include "arch/barrier.h"
#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/tlb.h"

#define SPINS 2048u

/* Whoever is busy for long waits for other harts, or is a hart that the host of
 * an emulator does not run: then this one sleeps. */
static void
nap_until_free(struct cpu *cpu, const uint32_t *busy)
{
    struct space *active = cpu->active;
    WRITE_ONCE(cpu->active, NULL);
    do
        clock_nap();
    while (READ_ONCE(*busy));
    WRITE_ONCE(cpu->active, active);
    barrier_full();
    tlb_flush_all();
}

void
backoff_wait(const uint32_t *busy)
{
    for (unsigned i = 0; i < SPINS; i++, cpu_relax())
        if (!READ_ONCE(*busy))
            return;
    nap_until_free(this_cpu(), busy);
}
