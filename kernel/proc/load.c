#include "proc/load.h"
#include "arch/clock.h"
#include "proc/sched.h"
#include "proc/timer.h"

#define PERIOD_NS 5000000000ul
#define ONE       (1ul << 16) /* the averages' unit */

/* e to the power of -5/60, -5/300 and -5/900, in units. */
static const uint64_t decay[LOAD_COUNT] = {60296, 64453, 65173};

/* atomic: written by the timer alone */
static uint64_t averages[LOAD_COUNT];

static struct timer load_timer;

static void
look(struct timer *self)
{
    struct sched_stats sum = {0};
    for (unsigned i = 0; i < cpu_count(); i++)
        sched_add_stats(i, &sum);
    for (unsigned i = 0; i < LOAD_COUNT; i++) {
        uint64_t now = sum.runnable * ONE;
        uint64_t next = (averages[i] * decay[i] + now * (ONE - decay[i])) / ONE;
        WRITE_ONCE(averages[i], next);
    }
    timer_set(self, clock_now_ns() + PERIOD_NS);
}

void
load_get(unsigned load[LOAD_COUNT])
{
    for (unsigned i = 0; i < LOAD_COUNT; i++)
        load[i] = (unsigned)((READ_ONCE(averages[i]) * 100 + ONE / 2) / ONE);
}

void
load_start(void)
{
    timer_init(&load_timer, look);
    timer_set(&load_timer, clock_now_ns() + PERIOD_NS);
}
