/* prctl: what a process or thread may say about itself. */
#include "abi/prctl.h"
#include "lib/string.h"
#include "sys/seccomp.h"
#include "sys/sys.h"
#include "trace/trace.h"

/* Also the process's, if it is the first thread's. A longer name is cut. */
static int
set_thread_name(uint64_t user)
{
    struct thread *t = thread_current();
    char name[sizeof(t->name)];
    int64_t n = uaccess_read_string(name, uaddr(user), sizeof(name));
    if (n == -EFAULT)
        return -EFAULT;
    name[sizeof(name) - 1] = '\0';
    trace_proc_name(name);
    spin_guard(&process_lock);
    strlcpy(t->name, name, sizeof(t->name));
    if (t->tid == t->process->pid)
        strlcpy(t->process->name, name, sizeof(t->process->name));
    return 0;
}

static int
get_thread_name(uint64_t user)
{
    char name[sizeof(thread_current()->name)] = "";
    strlcpy(name, thread_current()->name, sizeof(name));
    return arg_write(user, &name);
}

static int
write_int(uint64_t user, int value)
{
    return arg_write(user, &value);
}

/* Replaces the running thread's credential by one that differs in a flag. */
static int
set_cred_flag(bool is_hidden, bool no_new_privs)
{
    struct cred *cred = cred_copy();
    if (!cred)
        return -ENOMEM;
    cred->is_hidden = is_hidden;
    cred->no_new_privs = no_new_privs;
    cred_set(cred);
    return 0;
}

SYSCALL_DEFINE(prctl)
{
    struct process *self = process_current();
    const struct cred *cred = cred_current();
    bool rest = arg[2] | arg[3] | arg[4];
    switch ((int)arg[0]) {
    case PR_SET_PDEATHSIG:
        if (arg[1] > NSIG)
            return -EINVAL;
        WRITE_ONCE(self->death_signal, (int)arg[1]);
        return 0;
    case PR_GET_PDEATHSIG:
        return write_int(arg[1], READ_ONCE(self->death_signal));
    case PR_GET_DUMPABLE:
        return !cred->is_hidden;
    case PR_SET_DUMPABLE:
        return arg[1] <= 1 ? set_cred_flag(!arg[1], cred->no_new_privs)
                           : -EINVAL;
    case PR_SET_NAME:
        return set_thread_name(arg[1]);
    case PR_GET_NAME:
        return get_thread_name(arg[1]);
    case PR_GET_SECCOMP:
        return seccomp_get_mode();
    case PR_SET_SECCOMP:
        return seccomp_set_mode(arg[1], arg[2]);
    case PR_SET_CHILD_SUBREAPER:
        WRITE_ONCE(self->is_subreaper, arg[1] != 0);
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        return write_int(arg[1], READ_ONCE(self->is_subreaper));
    case PR_SET_NO_NEW_PRIVS:
        return arg[1] == 1 && !rest ? set_cred_flag(cred->is_hidden, true)
                                    : -EINVAL;
    case PR_GET_NO_NEW_PRIVS:
        return arg[1] || rest ? -EINVAL : cred->no_new_privs;
    default:
        return -EINVAL;
    }
}
