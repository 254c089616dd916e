/* System calls about signals. */
#include "lib/string.h"
#include "proc/signal.h"
#include "proc/signal_frame.h"
#include "sys/sys.h"
#include "sys/timearg.h"

/* ---- Sending ---- */

SYSCALL_IS(kill, signal_kill((int)arg[0], (int)arg[1]))

static int64_t
kill_thread(int pid, int tid, int sig)
{
    const struct siginfo info = {.signo = sig,
                                 .code = SI_TKILL,
                                 .pid = process_current()->pid,
                                 .uid = cred_current()->uid.real};
    return tid > 0 ? signal_kill_thread(pid, tid, &info) : -EINVAL;
}

SYSCALL_IS(tkill, kill_thread(0, (int)arg[0], (int)arg[1]))
SYSCALL_IS(tgkill, (int)arg[0] > 0
                       ? kill_thread((int)arg[0], (int)arg[1], (int)arg[2])
                       : -EINVAL)

/* Sends what the user says, unless it pretends to be the kernel's or kill's
 * word to another process. */
static int64_t
queue_info(int pid, int tid, int sig, uint64_t user)
{
    struct siginfo info;
    if (arg_read(&info, user) != 0)
        return -EFAULT;
    if ((info.code >= 0 || info.code == SI_TKILL) &&
        pid != process_current()->pid)
        return -EPERM;
    info.signo = sig;
    info.of_timer = false;
    return signal_kill_thread(pid, tid, &info);
}

SYSCALL_IS(rt_sigqueueinfo, queue_info((int)arg[0], 0, (int)arg[1], arg[2]))

SYSCALL_DEFINE(rt_tgsigqueueinfo)
{
    int pid = (int)arg[0], tid = (int)arg[1];
    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    return queue_info(pid, tid, (int)arg[2], arg[3]);
}

/* ---- Receiving ---- */

SYSCALL_DEFINE(rt_sigaction)
{
    struct sigaction_abi action, old;
    if (arg[3] != sizeof(action.mask))
        return -EINVAL;
    int error = arg_read_if(&action, arg[1]);
    error = error ?: signal_action((int)arg[0], arg[1] ? &action : NULL, &old);
    return error ?: arg_write_if(arg[2], &old);
}

SYSCALL_DEFINE(rt_sigprocmask)
{
    uint64_t old = thread_current()->signals.blocked, set;
    if (arg[3] != sizeof(set))
        return -EINVAL;
    if (arg[1] != 0) {
        if (arg_read(&set, arg[1]) != 0)
            return -EFAULT;
        if (arg[0] == SIG_BLOCK)
            set |= old;
        else if (arg[0] == SIG_UNBLOCK)
            set = old & ~set;
        else if (arg[0] != SIG_SETMASK)
            return -EINVAL;
        signal_set_blocked(set);
    }
    return arg_write_if(arg[2], &old);
}

SYSCALL_DEFINE(rt_sigpending)
{
    uint64_t set = signal_pending_set();
    if (arg[1] > sizeof(set))
        return -EINVAL;
    return uaccess_write(uaddr(arg[0]), &set, arg[1]);
}

SYSCALL_DEFINE(rt_sigtimedwait)
{
    union {
        struct siginfo info;
        uint8_t bytes[SIGINFO_SIZE];
    } out = {.bytes = {0}};
    uint64_t set, ns = 0, deadline = WAIT_FOREVER;
    if (arg[3] != sizeof(set))
        return -EINVAL;
    int error = arg_read(&set, arg[0]);
    if (arg[2] != 0)
        error = error ?: timespec_arg_read(arg[2], &ns);
    if (error != 0)
        return error;
    if (arg[2] != 0)
        deadline = signal_wait_begin(ns);
    int sig = signal_wait_end(signal_wait(set, deadline, &out.info), deadline);
    return sig < 0 ? sig : arg_write_if(arg[1], &out) ?: sig;
}

SYSCALL_DEFINE(rt_sigsuspend)
{
    uint64_t set;
    if (arg[1] != sizeof(set))
        return -EINVAL;
    return arg_read(&set, arg[0]) ?: signal_suspend(set);
}

SYSCALL_DEFINE(sigaltstack)
{
    uint64_t sp = trap_user_frame(cpu_thread())->sp;
    struct sigaltstack stack, old;
    int error = arg_read_if(&stack, arg[0]);
    error = error ?: signal_stack(sp, arg[0] ? &stack : NULL, &old);
    return error ?: arg_write_if(arg[1], &old);
}

SYSCALL_DEFINE(rt_sigreturn)
{
    struct trapframe *frame = trap_user_frame(cpu_thread());
    if (signal_frame_pop(frame) != 0)
        signal_force(SIGSEGV, SI_KERNEL, 0);
    thread_leave_kernel(); /* a0 is what it was, and no result */
}
