/* System calls about processes: their birth, end and family. */
#include "abi/sched.h"
#include "lib/string.h"
#include "proc/sched.h"
#include "sys/sys.h"

/* One that a signal interrupts is made again, after any handler: a signal to
 * the caller's group then is not lost to the child. */
static int64_t
clone(const struct clone_args *args, uint64_t first_arg)
{
    struct trapframe *frame = trap_user_frame(cpu_thread());
    int id = process_clone(frame, args);
    if (id != -EINTR)
        return id;
    frame->sepc -= 4;
    return (int64_t)first_arg;
}

SYSCALL_DEFINE(clone)
{
    const struct clone_args args = {
        .flags = (uint32_t)arg[0] & ~CSIGNAL,
        .exit_signal = arg[0] & CSIGNAL,
        .stack = arg[1],
        .parent_tid = arg[2],
        .tls = arg[3],
        .child_tid = arg[4],
    };
    return clone(&args, arg[0]);
}

SYSCALL_DEFINE(clone3)
{
    struct clone_args args = {0};
    if (arg[1] < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    if (arg[1] > sizeof(args))
        return -E2BIG;
    if (uaccess_read(&args, uaddr(arg[0]), arg[1]) != 0)
        return -EFAULT;
    if (args.flags & (CSIGNAL | CLONE_DETACHED) || args.set_tid_size != 0 ||
        (args.stack == 0) != (args.stack_size == 0) ||
        (args.flags & CLONE_THREAD && args.exit_signal != 0))
        return -EINVAL;
    args.stack += args.stack_size;
    return clone(&args, arg[0]);
}

SYSCALL_DEFINE(exit)
{
    thread_exit_user((int)(arg[0] & 0xff) << 8);
}

SYSCALL_DEFINE(exit_group)
{
    process_exit((int)(arg[0] & 0xff) << 8);
}

SYSCALL_IS(getpid, process_current()->pid)

SYSCALL_DEFINE(getppid)
{
    spin_guard(&process_lock);
    const struct process *parent = process_current()->parent;
    return parent ? parent->pid : 0;
}

SYSCALL_IS(gettid, thread_current()->tid)

SYSCALL_DEFINE(set_tid_address)
{
    thread_current()->clear_tid = arg[0];
    return thread_current()->tid;
}

SYSCALL_IS(setpgid, process_set_group((int)arg[0], (int)arg[1]))

/* The group or session of process pid; 0 means the caller. */
static int64_t
group_of(int pid, bool session)
{
    spin_guard(&process_lock);
    const struct process *p =
        pid == 0 ? process_current() : process_find_locked(pid);
    return !p ? -ESRCH : session ? p->sid : p->pgid;
}

SYSCALL_IS(getpgid, group_of((int)arg[0], false))
SYSCALL_IS(getsid, group_of((int)arg[0], true))
SYSCALL_IS(setsid, process_new_session())
