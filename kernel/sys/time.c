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
    struct usage used = {0};
    spin_lock(&process_lock);
    struct process *p = id ? process_find_locked(id) : process_current();
    struct thread *t = id ? thread_find_locked(id) : thread_current();
    bool found = clock & CPU_CLOCK_THREAD ? t && t->process == process_current()
                                          : p != NULL;
    if (found)
        used =
            clock & CPU_CLOCK_THREAD ? usage_of_thread(t) : usage_of_process(p);
    spin_unlock(&process_lock);
    bool user = (clock & CPU_CLOCK_KIND) == CPU_CLOCK_USER;
    *ns = (int64_t)(user ? used.user_ns : used.run_ns);
    bool known = clock < 0 && (clock & CPU_CLOCK_KIND) != CPU_CLOCK_KIND;
    return found && known ? 0 : -EINVAL;
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

static int
write_timespec(uint64_t user, int64_t ns)
{
    struct timespec ts = {ns / NS_PER_S, ns % NS_PER_S};
    return arg_write(user, &ts);
}

int64_t
sys_clock_gettime(const uint64_t arg[6])
{
    int64_t ns;
    return read_clock(arg[0], &ns) ?: write_timespec(arg[1], ns);
}

int64_t
sys_clock_getres(const uint64_t arg[6])
{
    int64_t ns;
    int error = read_clock(arg[0], &ns);
    if (error != 0 || arg[1] == 0)
        return error;
    return write_timespec(arg[1], 1);
}

int64_t
sys_gettimeofday(const uint64_t arg[6])
{
    int64_t ns = rtc_now_ns();
    struct timeval tv = {ns / NS_PER_S, ns % NS_PER_S / 1000};
    const uint32_t zone[2] = {0, 0}; /* the clock shows UTC */
    int error = 0;
    if (arg[0] != 0)
        error = arg_write(arg[0], &tv);
    if (error == 0 && arg[1] != 0)
        error = arg_write(arg[1], &zone);
    return error;
}

int
timespec_arg_read(uint64_t user, uint64_t *ns)
{
    struct timespec ts;
    if (arg_read(&ts, user) != 0)
        return -EFAULT;
    if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NS_PER_S)
        return -EINVAL;
    if (ts.tv_sec > INT64_MAX / NS_PER_S - 1)
        *ns = INT64_MAX;
    else
        *ns = (uint64_t)(ts.tv_sec * NS_PER_S + ts.tv_nsec);
    return 0;
}

/* Sleeps for ns; if a signal comes first, writes how much is left. */
static int
sleep_for(uint64_t ns, uint64_t user_left)
{
    uint64_t deadline = signal_wait_begin(ns);
    int error = signal_wait_end(waitq_sleep_alone(deadline), deadline);
    int64_t left = (int64_t)(deadline - clock_now_ns());
    if (error == -EINTR && user_left != 0 &&
        write_timespec(user_left, MAX(left, (int64_t)0)) != 0)
        return -EFAULT;
    return error;
}

int64_t
sys_nanosleep(const uint64_t arg[6])
{
    uint64_t ns;
    return timespec_arg_read(arg[0], &ns) ?: sleep_for(ns, arg[1]);
}

int64_t
sys_clock_nanosleep(const uint64_t arg[6])
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
