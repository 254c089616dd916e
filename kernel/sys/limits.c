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
    int error = 0;
    if (resource >= RLIMIT_COUNT)
        return -EINVAL;
    spin_guard(&process_lock);
    struct process *process =
        pid == 0 ? process_current() : process_find_locked(pid);
    if (!process)
        error = -ESRCH;
    else if (process != process_current() && !cred_may_inspect(process))
        error = -EPERM;
    if (error == 0)
        *old = process->limits[resource];
    if (error == 0 && wish)
        error = set_locked(process, (unsigned)resource, wish);
    return error;
}

int64_t
sys_prlimit64(const uint64_t arg[6])
{
    struct rlimit wish, old;
    if (arg[2] != 0 && arg_read(&wish, arg[2]) != 0)
        return -EFAULT;
    int error = exchange((int)arg[0], arg[1], arg[2] != 0 ? &wish : NULL, &old);
    if (error != 0 || arg[3] == 0)
        return error;
    return arg_write(arg[3], &old);
}

int64_t
sys_getrlimit(const uint64_t arg[6])
{
    struct rlimit old;
    return exchange(0, arg[0], NULL, &old) ?: arg_write(arg[1], &old);
}

int64_t
sys_setrlimit(const uint64_t arg[6])
{
    struct rlimit wish, old;
    if (arg_read(&wish, arg[1]) != 0)
        return -EFAULT;
    return exchange(0, arg[0], &wish, &old);
}
