#include "arch/clock.h"
#include "arch/cpu.h"
#include "arch/sbi.h"

#define NS_PER_S   1000000000ul
#define NAPS_PER_S 50000u

static uint64_t boot_ticks;
static uint64_t hz; /* below 2^32, so that products with it fit */
static bool use_stimecmp;

void
clock_init(uint64_t timebase_hz, bool has_sstc)
{
    boot_ticks = csr_read(time);
    hz = timebase_hz;
    use_stimecmp = has_sstc;
}

void
clock_get_base(uint64_t *ticks, uint64_t *timebase_hz)
{
    *ticks = boot_ticks;
    *timebase_hz = hz;
}

/* Both conversions are exact but for rounding down, however long the machine
 * runs: a deadline that came out early would interrupt again and again. */
uint64_t
clock_now_ns(void)
{
    uint64_t ticks = csr_read(time) - boot_ticks;
    return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

static void
set_timer(uint64_t tick)
{
    if (use_stimecmp)
        csr_write(0x14d, tick); /* stimecmp, which assemblers may not know */
    else
        sbi_set_timer(tick);
}

void
clock_set_deadline(uint64_t deadline_ns)
{
    uint64_t tick = UINT64_MAX;
    if (deadline_ns < INT64_MAX) {
        tick = deadline_ns / NS_PER_S * hz;
        tick += deadline_ns % NS_PER_S * hz / NS_PER_S;
        tick += boot_ticks + 1; /* not before the deadline */
    }
    this_cpu()->deadline = tick;
    set_timer(tick);
}

void
clock_nap(void)
{
    set_timer(csr_read(time) + hz / NAPS_PER_S);
    cpu_wait_for_interrupt();
    set_timer(this_cpu()->deadline);
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
