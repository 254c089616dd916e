/* The system calls about shares of the harts' time: nice values, policies, and
 * which harts a thread may use. */
#include "proc/sched.h"

#include "abi/sched.h"
#include "abi/time.h"
#include "lib/string.h"
#include "sys/sys.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

SYSCALL_DEFINE(sched_yield)
{
    sched_yield();
    return 0;
}

/* ---- Nice values ---- */

static bool
is_meant(const struct thread *thread, int which, uint32_t who)
    REQUIRES(process_lock)
{
    const struct process *self = process_current(), *p = thread->process;
    switch (which) {
    case PRIO_PROCESS:
        return who == 0 ? thread == thread_current()
                        : (uint32_t)thread->tid == who;
    case PRIO_PGRP:
        return (uint32_t)p->pgid == (who == 0 ? (uint32_t)self->pgid : who);
    default:
        return p->cred->uid.real == (who == 0 ? cred_current()->uid.real : who);
    }
}

/* Does change(thread, nice) to each thread that is meant, or returns the first
 * error; else the largest result. */
static int
for_each_meant(int which, uint32_t who, int nice,
               int (*change)(struct thread *, int))
{
    int result = -ESRCH;
    if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
        return -EINVAL;
    spin_guard(&process_lock);
    struct thread *t;
    list_for_each (struct process, p, &process_list, all_node) {
        if (p->state != PROCESS_ALIVE)
            continue;
        list_for_each_entry (t, &p->threads, process_node) {
            if (!is_meant(t, which, who))
                continue;
            int one = change(t, nice);
            if (result == -ESRCH || one < 0 || (result >= 0 && one > result))
                result = one;
        }
    }
    return result;
}

static int
set_nice(struct thread *thread, int nice) REQUIRES(process_lock)
{
    if (!cred_may_schedule(thread->process))
        return -EPERM;
    if (nice < thread->nice && !cred_is_root(cred_current()))
        return -EACCES;
    sched_set_nice(thread, nice, thread->policy);
    return 0;
}

/* The call has no negative results; C libraries turn it round again. */
static int
get_nice(struct thread *thread, int nice UNUSED)
{
    return 20 - thread->nice;
}

SYSCALL_DEFINE(setpriority)
{
    int nice = MAX(NICE_MIN, MIN((int)arg[2], NICE_MAX));
    return for_each_meant((int)arg[0], (uint32_t)arg[1], nice, set_nice);
}

SYSCALL_IS(getpriority,
           for_each_meant((int)arg[0], (uint32_t)arg[1], 0, get_nice))

/* ---- Policies ---- */

/* The thread of that number, 0 for the caller's, which the caller may change
 * if it wants to. Returns 0, -EINVAL, -ESRCH or -EPERM. */
static int
find_locked(int tid, bool to_change, struct thread **thread)
    REQUIRES(process_lock)
{
    if (tid < 0)
        return -EINVAL;
    *thread = tid == 0 ? thread_current() : thread_find_locked(tid);
    if (!*thread)
        return -ESRCH;
    return to_change && !cred_may_schedule((*thread)->process) ? -EPERM : 0;
}

static bool
is_policy(int policy)
{
    return policy == SCHED_OTHER || policy == SCHED_BATCH ||
           policy == SCHED_IDLE;
}

/* policy -1: the one it has. */
static int64_t
set_policy(int tid, int policy, uint64_t param)
{
    struct thread *thread;
    int priority;
    if (policy != -1 && !is_policy(policy))
        return -EINVAL;
    int err = arg_read(&priority, param);
    if (err || priority != 0)
        return err ?: -EINVAL;
    spin_guard(&process_lock);
    err = find_locked(tid, true, &thread);
    if (!err && policy != -1)
        sched_set_nice(thread, thread->nice, (unsigned)policy);
    return err;
}

/* The policy of a thread, or an error. */
static int
get_policy(int tid)
{
    struct thread *thread;
    spin_guard(&process_lock);
    return find_locked(tid, false, &thread) ?: thread->policy;
}

SYSCALL_IS(sched_setscheduler,
           (int)arg[1] < 0 ? -EINVAL
                           : set_policy((int)arg[0], (int)arg[1], arg[2]))

SYSCALL_IS(sched_setparam, set_policy((int)arg[0], -1, arg[1]))
SYSCALL_IS(sched_getscheduler, get_policy((int)arg[0]))

SYSCALL_DEFINE(sched_getparam)
{
    int priority = 0, policy = get_policy((int)arg[0]);
    return policy < 0 ? policy : arg_write(arg[1], &priority);
}

SYSCALL_IS(sched_get_priority_max, is_policy((int)arg[0]) ? 0 : -EINVAL)
SYSCALL_IS(sched_get_priority_min, is_policy((int)arg[0]) ? 0 : -EINVAL)

SYSCALL_DEFINE(sched_rr_get_interval)
{
    struct timespec slice = {.tv_nsec = SCHED_SLICE_NS};
    int policy = get_policy((int)arg[0]);
    return policy < 0 ? policy : arg_write(arg[1], &slice);
}

/* ---- Harts ---- */

SYSCALL_DEFINE(sched_setaffinity)
{
    struct thread *thread;
    uint64_t harts = 0;
    int err = uaccess_read(&harts, uaddr(arg[2]), MIN(arg[1], sizeof(harts)));
    if (err)
        return err;
    spin_guard(&process_lock);
    err = find_locked((int)arg[0], true, &thread);
    if (err || !(harts & sched_online()))
        return err ?: -EINVAL;
    sched_set_allowed(thread, harts);
    return 0;
}

SYSCALL_DEFINE(sched_getaffinity)
{
    struct thread *thread;
    uint64_t harts = sched_online();
    if (arg[1] < sizeof(harts) || arg[1] % sizeof(harts) != 0)
        return -EINVAL;
    spin_lock(&process_lock);
    int err = find_locked((int)arg[0], false, &thread);
    if (!err)
        harts &= READ_ONCE(thread->allowed);
    spin_unlock(&process_lock);
    return err ?: arg_write(arg[2], &harts) ?: (int64_t)sizeof(harts);
}
