/* System calls about time. */
#include "abi/time.h"
#include "arch/clock.h"
#include "dev/rtc.h"
#include "proc/signal.h"
#include "proc/usage.h"
#include "sys/sys.h"
#include "sys/timearg.h"

/* A clock of the CPU time of process or thread n (0: the caller's) is -1 - n in
 * all but the low bits, which say what time. A thread's is for its own process
 * only. */
#define CPU_CLOCK_KIND   3
#define CPU_CLOCK_USER   1
#define CPU_CLOCK_RUN    2
#define CPU_CLOCK_THREAD 4
#define CPU_CLOCK_OWN    (-8)

static int
read_cpu_clock(int32_t clock, int64_t *ns)
{
    int id = ~(clock >> 3);
    bool user = (clock & CPU_CLOCK_KIND) == CPU_CLOCK_USER;
    bool of_thread = clock & CPU_CLOCK_THREAD;
    if (clock >= 0 || (clock & CPU_CLOCK_KIND) == CPU_CLOCK_KIND)
        return -EINVAL;
    spin_guard(&process_lock);
    struct process *p = id ? process_find_locked(id) : process_current();
    struct thread *t = id ? thread_find_locked(id) : thread_current();
    if (of_thread ? !t || t->process != process_current() : !p)
        return -EINVAL;
    struct usage used = of_thread ? usage_of_thread(t) : usage_of_process(p);
    *ns = (int64_t)(user ? used.user_ns : used.run_ns);
    return 0;
}

/* Reads clock into *ns. Returns 0 or -EINVAL. */
static int
read_clock(uint64_t clock, int64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = rtc_now_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = (int64_t)clock_now_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        return read_cpu_clock(CPU_CLOCK_OWN | CPU_CLOCK_RUN, ns);
    case CLOCK_THREAD_CPUTIME_ID:
        return read_cpu_clock(CPU_CLOCK_OWN | CPU_CLOCK_RUN | CPU_CLOCK_THREAD,
                              ns);
    default:
        return read_cpu_clock((int32_t)clock, ns);
    }
}

SYSCALL_DEFINE(clock_gettime)
{
    int64_t ns;
    return read_clock(arg[0], &ns) ?: timespec_arg_write(arg[1], (uint64_t)ns);
}

SYSCALL_DEFINE(clock_getres)
{
    const struct timespec res = {.tv_nsec = 1};
    int64_t ns;
    return read_clock(arg[0], &ns) ?: arg_write_if(arg[1], &res);
}

SYSCALL_DEFINE(gettimeofday)
{
    int64_t ns = rtc_now_ns();
    struct timeval tv = {ns / NS_PER_S, ns % NS_PER_S / 1000};
    const uint32_t zone[2] = {0, 0}; /* the clock shows UTC */
    return arg_write_if(arg[0], &tv) ?: arg_write_if(arg[1], &zone);
}

int
timespec_arg_write(uint64_t user, uint64_t ns)
{
    struct timespec ts = {(int64_t)ns / NS_PER_S, (int64_t)ns % NS_PER_S};
    return arg_write(user, &ts);
}

/* The nanoseconds of a span whose fraction counts `unit` of them. */
static int
span_ns(const int64_t span[2], int64_t unit, uint64_t *ns)
{
    if (span[0] < 0 || span[1] < 0 || span[1] >= NS_PER_S / unit)
        return -EINVAL;
    *ns = span[0] > INT64_MAX / NS_PER_S / 2
              ? INT64_MAX / 2
              : (uint64_t)(span[0] * NS_PER_S + span[1] * unit);
    return 0;
}

int
setting_arg_read(uint64_t user, int64_t unit, struct itimer_setting *setting)
{
    int64_t spans[2][2];
    return arg_read(&spans, user)
               ?: span_ns(spans[0], unit, &setting->interval_ns)
               ?: span_ns(spans[1], unit, &setting->value_ns);
}

int
setting_arg_write(uint64_t user, int64_t unit,
                  const struct itimer_setting *setting)
{
    int64_t interval = (int64_t)setting->interval_ns + unit - 1;
    int64_t value = (int64_t)setting->value_ns + unit - 1;
    const int64_t spans[2][2] = {
        {interval / NS_PER_S, interval % NS_PER_S / unit},
        {value / NS_PER_S, value % NS_PER_S / unit}};
    return arg_write(user, &spans);
}

int
timespec_arg_read(uint64_t user, uint64_t *ns)
{
    int64_t span[2];
    return arg_read(&span, user) ?: span_ns(span, 1, ns);
}

/* Sleeps for ns; if a signal comes first, writes how much is left. */
static int
sleep_for(uint64_t ns, uint64_t user_left)
{
    uint64_t deadline = signal_wait_begin(ns);
    int error = signal_wait_end(waitq_sleep_alone(deadline), deadline);
    uint64_t now = clock_now_ns();
    if (error == -EINTR && user_left != 0 &&
        timespec_arg_write(user_left, MAX(deadline, now) - now) != 0)
        return -EFAULT;
    return error;
}

SYSCALL_DEFINE(nanosleep)
{
    uint64_t ns;
    return timespec_arg_read(arg[0], &ns) ?: sleep_for(ns, arg[1]);
}

SYSCALL_DEFINE(clock_nanosleep)
{
    int64_t now;
    uint64_t ns;
    int error = read_clock(arg[0], &now) ?: timespec_arg_read(arg[2], &ns);
    if (error != 0)
        return error;
    if (!(arg[1] & TIMER_ABSTIME))
        return sleep_for(ns, arg[3]);
    if (ns <= (uint64_t)now)
        return 0;
    return sleep_for(ns - (uint64_t)now, 0);
}
