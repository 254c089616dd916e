/* System calls about signals. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/signal.h"
#include "sys/sys.h"

int64_t
sys_kill(const uint64_t arg[6])
{
    return signal_kill((int)arg[0], (int)arg[1]);
}

int64_t
sys_tkill(const uint64_t arg[6])
{
    return (int)arg[0] > 0 ? signal_kill((int)arg[0], (int)arg[1]) : -EINVAL;
}

/* A process has one thread, whose number is the process's. */
int64_t
sys_tgkill(const uint64_t arg[6])
{
    int pid = (int)arg[0], tid = (int)arg[1];
    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    return pid == tid ? signal_kill(tid, (int)arg[2]) : -ESRCH;
}

int64_t
sys_rt_sigaction(const uint64_t arg[6])
{
    struct sigaction_abi action = {0};
    uint64_t old;
    if (arg[3] != sizeof(action.mask))
        return -EINVAL;
    if (arg[1] != 0 &&
        uaccess_read(&action, uaddr(arg[1]), sizeof(action)) != 0)
        return -EFAULT;
    int error =
        signal_action((int)arg[0], arg[1] ? &action.handler : NULL, &old);
    if (error != 0 || arg[2] == 0)
        return error;
    action = (struct sigaction_abi){.handler = old};
    return uaccess_write(uaddr(arg[2]), &action, sizeof(action));
}

int64_t
sys_rt_sigprocmask(const uint64_t arg[6])
{
    struct thread *t = thread_current();
    uint64_t old = t->blocked, set;
    if (arg[3] != sizeof(set))
        return -EINVAL;
    if (arg[1] != 0) {
        if (uaccess_read(&set, uaddr(arg[1]), sizeof(set)) != 0)
            return -EFAULT;
        if (arg[0] == SIG_BLOCK)
            set |= old;
        else if (arg[0] == SIG_UNBLOCK)
            set = old & ~set;
        else if (arg[0] != SIG_SETMASK)
            return -EINVAL;
        signal_set_blocked(set);
    }
    if (arg[2] != 0 && uaccess_write(uaddr(arg[2]), &old, sizeof(old)) != 0)
        return -EFAULT;
    return 0;
}
