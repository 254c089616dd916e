/* System calls about processes: their birth, end and family. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "arch/trap.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/sched.h"
#include "sys/sys.h"

#define CLONE_VM             0x00000100ul
#define CLONE_VFORK          0x00004000ul
#define CLONE_CHILD_CLEARTID 0x00200000ul
#define CLONE_CHILD_SETTID   0x01000000ul

/* clone(2) as fork(2) uses it: the low byte of the flags is the signal that
 * the parent gets when the child ends. What would share memory or files with
 * the parent is not offered, but vfork may be a fork [posix.1-2004 vfork]. */
int64_t
sys_clone(const uint64_t arg[6])
{
    if ((arg[0] & 0xff) != SIGCHLD)
        return -EINVAL;
    uint64_t flags = arg[0] & ~0xfful;
    if ((flags & (CLONE_VM | CLONE_VFORK)) == (CLONE_VM | CLONE_VFORK))
        flags &= ~(CLONE_VM | CLONE_VFORK);
    if (flags & ~(CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID))
        return -ENOSYS;
    struct trapframe *frame = trap_user_frame(cpu_thread());
    int pid = process_fork(frame, arg[1],
                           arg[0] & CLONE_CHILD_SETTID ? arg[4] : 0);
    if (pid != -EINTR)
        return pid;
    frame->sepc -= 4; /* after any handler, it is made again */
    return (int64_t)arg[0];
}

int64_t
sys_exit(const uint64_t arg[6])
{
    process_exit((int)(arg[0] & 0xff) << 8);
}

int64_t sys_exit_group(const uint64_t arg[6]) ALIAS("sys_exit");

/* struct rusage of wait4, as Linux has it; the fields kept here. */
struct rusage {
    int64_t utime_sec, utime_usec, stime_sec, stime_usec;
    int64_t others[14];
};

int64_t
sys_wait4(const uint64_t arg[6])
{
    int pid = (int)arg[0], status = 0;
    unsigned options = (unsigned)arg[2];
    uint64_t run_ns = 0;
    /* __WALL, __WCLONE and __WNOTHREAD make no difference here. */
    options &= 0x1fffffff;
    if (options & ~(unsigned)(WNOHANG | WUNTRACED | WCONTINUED))
        return -EINVAL;
    pid = process_wait(pid, options, &status, &run_ns);
    if (pid <= 0)
        return pid;
    if (arg[1] != 0 &&
        uaccess_write(uaddr(arg[1]), &status, sizeof(status)) != 0)
        return -EFAULT;
    if (arg[3] != 0) {
        struct rusage usage = {
            .utime_sec = (int64_t)(run_ns / 1000000000),
            .utime_usec = (int64_t)(run_ns % 1000000000 / 1000),
        };
        if (uaccess_write(uaddr(arg[3]), &usage, sizeof(usage)) != 0)
            return -EFAULT;
    }
    return pid;
}

int64_t
sys_getpid(const uint64_t arg[6] UNUSED)
{
    return process_current()->pid;
}

int64_t
sys_getppid(const uint64_t arg[6] UNUSED)
{
    spin_lock(&process_lock);
    const struct process *parent = process_current()->parent;
    int pid = parent ? parent->pid : 0;
    spin_unlock(&process_lock);
    return pid;
}

int64_t
sys_gettid(const uint64_t arg[6] UNUSED)
{
    return thread_current()->tid;
}

int64_t
sys_set_tid_address(const uint64_t arg[6])
{
    thread_current()->clear_tid = arg[0];
    return thread_current()->tid;
}

/* The list matters to threads that share memory, of which there are none:
 * nobody is left to see a lock that its dead owner held. */
int64_t
sys_set_robust_list(const uint64_t arg[6])
{
    return arg[1] == 24 ? 0 : -EINVAL; /* sizeof(struct robust_list_head) */
}

int64_t
sys_setpgid(const uint64_t arg[6])
{
    return process_set_group((int)arg[0], (int)arg[1]);
}

/* The group or session of process pid; 0 means the caller. */
static int64_t
group_of(int pid, bool session)
{
    int result = -ESRCH;
    spin_lock(&process_lock);
    const struct process *p =
        pid == 0 ? process_current() : process_find_locked(pid);
    if (p)
        result = session ? p->sid : p->pgid;
    spin_unlock(&process_lock);
    return result;
}

int64_t
sys_getpgid(const uint64_t arg[6])
{
    return group_of((int)arg[0], false);
}

int64_t
sys_getsid(const uint64_t arg[6])
{
    return group_of((int)arg[0], true);
}

int64_t
sys_setsid(const uint64_t arg[6] UNUSED)
{
    return process_new_session();
}

int64_t
sys_sched_yield(const uint64_t arg[6] UNUSED)
{
    sched_switch();
    return 0;
}
