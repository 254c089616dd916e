/* System calls about what a process may use. */
#include "fs/fdtable.h"
#include "mm/space.h"
#include "sys/sys.h"

_Static_assert(PROCESS_FILES_MAX == FDTABLE_MAX, "one limit");

/* Spaces and tables of descriptors have copies of the limits they go by. */
static void
apply_locked(struct process *process, unsigned resource) REQUIRES(process_lock)
{
    struct space *space = process->space;
    uint64_t soft = process->limits[resource].soft;
    if (resource == RLIMIT_NOFILE && process->fdtable)
        fdtable_set_limit(process->fdtable, soft);
    if (!space)
        return;
    if (resource == RLIMIT_AS)
        WRITE_ONCE(space->limit_size, soft);
    else if (resource == RLIMIT_DATA)
        WRITE_ONCE(space->limit_data, soft);
    else if (resource == RLIMIT_STACK)
        WRITE_ONCE(space->limit_stack, soft);
}

static int
set_locked(struct process *process, unsigned resource,
           const struct rlimit *wish) REQUIRES(process_lock)
{
    struct rlimit *limit = &process->limits[resource];
    if (wish->soft > wish->hard)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && wish->hard > FDTABLE_MAX)
        return -EPERM;
    if (wish->hard > limit->hard && !cred_is_root(cred_current()))
        return -EPERM;
    *limit = *wish;
    apply_locked(process, resource);
    return 0;
}

/* Tells, and then sets, a limit of process pid, 0 being the caller. */
static int
exchange(int pid, uint64_t resource, const struct rlimit *wish,
         struct rlimit *old)
{
    if (resource >= RLIMIT_COUNT)
        return -EINVAL;
    spin_guard(&process_lock);
    struct process *process =
        pid == 0 ? process_current() : process_find_locked(pid);
    if (!process)
        return -ESRCH;
    if (process != process_current() && !cred_may_inspect(process))
        return -EPERM;
    *old = process->limits[resource];
    return wish ? set_locked(process, (unsigned)resource, wish) : 0;
}

SYSCALL_DEFINE(prlimit64)
{
    struct rlimit wish, old;
    int error = arg_read_if(&wish, arg[2]);
    error = error ?: exchange((int)arg[0], arg[1], arg[2] ? &wish : NULL, &old);
    return error ?: arg_write_if(arg[3], &old);
}

SYSCALL_DEFINE(getrlimit)
{
    struct rlimit old;
    return exchange(0, arg[0], NULL, &old) ?: arg_write(arg[1], &old);
}

SYSCALL_DEFINE(setrlimit)
{
    struct rlimit wish, old;
    return arg_read(&wish, arg[1]) ?: exchange(0, arg[0], &wish, &old);
}
