#include "arch/clock.h"

#include "arch/cpu.h"
#include "arch/sbi.h"

static uint64_t boot_ticks;
static uint64_t ns_per_tick_q32; /* 32.32 fixed point */
static uint64_t ticks_per_ns_q32;
static bool use_stimecmp;

static uint64_t
multiply_q32(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> 32);
}

void
clock_init(uint64_t timebase_hz, bool has_sstc)
{
    boot_ticks = csr_read(time);
    ns_per_tick_q32 = (1000000000ul << 32) / timebase_hz;
    ticks_per_ns_q32 = (timebase_hz << 32) / 1000000000ul;
    use_stimecmp = has_sstc;
}

uint64_t
clock_now_ns(void)
{
    return multiply_q32(csr_read(time) - boot_ticks, ns_per_tick_q32);
}

void
clock_set_deadline(uint64_t deadline_ns)
{
    uint64_t tick = UINT64_MAX;

    /* One more tick, so that it is not before the deadline. */
    if (deadline_ns != UINT64_MAX)
        tick = boot_ticks + multiply_q32(deadline_ns, ticks_per_ns_q32) + 1;
    if (use_stimecmp)
        csr_write(0x14d, tick); /* stimecmp, which assemblers may not know */
    else
        sbi_set_timer(tick);
}

void
clock_delay_us(unsigned us)
{
    uint64_t end = clock_now_ns() + us * 1000ul;
    while (clock_now_ns() < end)
        cpu_relax();
}

uint64_t
clock_instret(void)
{
    return csr_read(instret);
}
