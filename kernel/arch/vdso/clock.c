/* The time, without a system call: the hart's counter, and what the kernel has
 * left in vdso_data of when it started. Runs in user mode, anywhere. */
#include "abi/time.h"
#include "arch/csr.h"
#include "arch/vdso.h"

#define NS_PER_S 1000000000ll

/* sys/vdso.c writes the page before anybody has it. */
extern const volatile struct vdso_data vdso_data;

int __vdso_clock_gettime(int clock, struct timespec *time);
int __vdso_clock_getres(int clock, struct timespec *resolution);
int __vdso_gettimeofday(struct timeval *time, void *zone);

static int
call(long number, long a, void *b)
{
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = (long)b;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
    return (int)a0;
}

/* As clock_now_ns, so that both ways to ask give one clock. */
static int64_t
now_ns(void)
{
    uint64_t ticks = csr_read(time) - vdso_data.boot_ticks;
    uint64_t hz = vdso_data.hz;
    return (int64_t)(ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz);
}

static bool
is_wall_clock(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static bool
is_known(int clock)
{
    return is_wall_clock(clock) ||
           (clock >= CLOCK_MONOTONIC_RAW && clock <= CLOCK_BOOTTIME) ||
           clock == CLOCK_MONOTONIC;
}

int
__vdso_clock_gettime(int clock, struct timespec *time)
{
    if (!is_known(clock))
        return call(113, clock, time);
    int64_t ns = now_ns();
    if (is_wall_clock(clock))
        ns += vdso_data.wall_clock_ns;
    time->tv_sec = ns / NS_PER_S;
    time->tv_nsec = ns % NS_PER_S;
    return 0;
}

int
__vdso_clock_getres(int clock, struct timespec *resolution)
{
    if (!is_known(clock))
        return call(114, clock, resolution);
    if (resolution)
        *resolution = (struct timespec){.tv_nsec = 1};
    return 0;
}

int
__vdso_gettimeofday(struct timeval *time, void *zone UNUSED)
{
    int64_t ns = now_ns() + vdso_data.wall_clock_ns;
    if (time)
        *time = (struct timeval){ns / NS_PER_S, ns % NS_PER_S / 1000};
    return 0;
}
