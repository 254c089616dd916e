/* System calls about timers that send signals. */
#include "abi/time.h"
#include "dev/rtc.h"
#include "proc/itimer.h"
#include "sys/sys.h"
#include "sys/timearg.h"

/* What is common to all calls that set or get: either user address may be 0. */
static int
set_timer(int id, int64_t unit, bool is_absolute, uint64_t user_new,
          uint64_t user_old)
{
    struct itimer_setting setting, old;
    int error = user_new ? setting_arg_read(user_new, unit, &setting) : 0;
    setting.is_absolute = is_absolute;
    error = error ?: itimer_set(id, user_new ? &setting : NULL, &old);
    return error || !user_old ? error : setting_arg_write(user_old, unit, &old);
}

/* ---- One of each kind for a process ---- */

SYSCALL_DEFINE(setitimer)
{
    static const struct itimer_setting off;
    struct itimer_setting old;
    int id = -1 - (int)arg[0];
    if (arg[0] > 2)
        return -EINVAL;
    int error = set_timer(id, 1000, false, arg[1], arg[2]);
    if (error == 0 && arg[1] == 0) /* stops the timer, as on Linux */
        error = itimer_set(id, &off, &old);
    return error;
}

SYSCALL_IS(getitimer, arg[0] > 2
                          ? -EINVAL
                          : set_timer(-1 - (int)arg[0], 1000, false, 0, arg[1]))

/* ---- Any number of them [posix timer_create] ---- */

#define SIGEV_SIGNAL    0
#define SIGEV_NONE      1
#define SIGEV_THREAD_ID 4

/* The part of struct sigevent that matters. */
struct sigevent {
    uint64_t value;
    int32_t signo, notify, tid;
};

static int
create_timer(uint64_t clock, const struct sigevent *event, bool has_value)
{
    struct siginfo info = {.signo = event->signo,
                           .code = SI_TIMER,
                           .of_timer = true,
                           .value = event->value};
    if (!is_timer_clock(clock))
        return -EINVAL;
    if (event->notify == SIGEV_NONE)
        info.signo = 0;
    else if ((event->notify & ~SIGEV_THREAD_ID) != SIGEV_SIGNAL ||
             event->signo <= 0 || event->signo > NSIG)
        return -EINVAL;
    int tid = event->notify == SIGEV_THREAD_ID ? event->tid : 0;
    return itimer_create(&info, tid, has_value,
                         clock == CLOCK_REALTIME ? rtc_offset_ns() : 0);
}

SYSCALL_DEFINE(timer_create)
{
    struct sigevent event = {.signo = SIGALRM};
    if (arg_read_if(&event, arg[1]) != 0)
        return -EFAULT;
    int id = create_timer(arg[0], &event, arg[1] != 0);
    int error = id < 0 ? id : arg_write(arg[2], &id);
    if (error == -EFAULT)
        (void)!itimer_delete(id);
    return error;
}

SYSCALL_DEFINE(timer_settime)
{
    if ((int)arg[0] < 0 || arg[2] == 0)
        return -EINVAL;
    return set_timer((int)arg[0], 1, arg[1] & TIMER_ABSTIME, arg[2], arg[3]);
}

SYSCALL_IS(timer_gettime, (int)arg[0] < 0
                              ? -EINVAL
                              : set_timer((int)arg[0], 1, false, 0, arg[1]))

SYSCALL_IS(timer_getoverrun, itimer_overrun((int)arg[0]))
SYSCALL_IS(timer_delete, itimer_delete((int)arg[0]))
