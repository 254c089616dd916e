#include "sys/seccomp.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "arch/trap.h"
#include "lib/print.h"
#include "lib/string.h"
#include "proc/filter.h"
#include "proc/signal.h"
#include "sys/sys.h"

enum {
#define SYSCALL(number, name, arguments) SYS_##name = (number),
#include "abi/syscalls.def"
#undef SYSCALL
};

/* A program as it is handed over. */
struct sock_fprog {
    uint16_t len;
    uint16_t pad_[3];
    uint64_t filter;
};

/* ---- Asking ---- */

/* Says who was refused what. Which service it belongs to is told by its
 * session, which the service's first process leads. */
static void
report_call(const char *what, uint64_t number)
{
    const struct process *self = process_current();
    const char *name = dispatch_name(number);
    if (!signal_may_report())
        return;
    char leader[sizeof(self->name)] = "?";
    spin_lock(&process_lock);
    const struct process *first = process_find_locked(self->sid);
    if (first)
        memcpy(leader, first->name, sizeof(leader));
    int sid = self->sid;
    spin_unlock(&process_lock);
    pr_warn("%s[%d] of session %d (%s): system call %s (%lu) %s", self->name,
            self->pid, sid, leader, name ? name : "unknown", number, what);
}

static NORETURN void
end_for(uint32_t action, uint64_t number)
{
    struct process *self = process_current();
    report_call("is not allowed: it is ended", number);
    if (cred_current()->filter->is_strict)
        thread_exit_user(SIGKILL);
    spin_lock(&process_lock);
    bool alone = self->nthreads <= 1;
    spin_unlock(&process_lock);
    if (action == SECCOMP_RET_KILL_THREAD && !alone)
        thread_exit_user(SIGSYS);
    process_exit(SIGSYS);
}

/* The program is told which call it was, and what the filter says. */
static void
force_signal(const struct seccomp_data *data, int detail)
{
    struct siginfo *info = &thread_current()->signals.fault;
    signal_force(SIGSYS, SYS_SECCOMP, data->instruction_pointer);
    info->error = detail;
    info->value = (uint64_t)data->arch << 32 | (uint32_t)data->nr;
}

bool
seccomp_allows(const struct trapframe *frame, int64_t *result)
{
    struct seccomp_data data = {.nr = (int32_t)frame->a[7],
                                .arch = AUDIT_ARCH_RISCV64,
                                .instruction_pointer = frame->sepc};
    memcpy(data.args, frame->a, sizeof(data.args));
    uint32_t answer = filter_ask(cred_current()->filter, &data);
    unsigned detail = answer & SECCOMP_RET_DATA;
    switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        return true;
    case SECCOMP_RET_LOG:
        report_call("is made", frame->a[7]);
        return true;
    case SECCOMP_RET_ERRNO:
        *result = -(int64_t)MIN(detail, 4095u);
        return false;
    case SECCOMP_RET_TRACE: /* nobody traces, or listens */
    case SECCOMP_RET_USER_NOTIF:
        *result = -ENOSYS;
        return false;
    case SECCOMP_RET_TRAP:
        *result = (int64_t)frame->a[0];
        force_signal(&data, (int)detail);
        return false;
    default:
        end_for(answer & SECCOMP_RET_ACTION_FULL, frame->a[7]);
    }
}

/* ---- Setting ---- */

/* Makes filter, whose reference it takes over, the running thread's. */
static int
install_filter(struct filter *filter)
{
    struct cred *cred = cred_copy();
    if (!cred) {
        filter_put(filter);
        return -ENOMEM;
    }
    filter_put(cred->filter);
    cred->filter = filter;
    cred_set(cred);
    thread_current()->open_calls = 0;
    return 0;
}

/* Only what a program needs that computes. */
static int
set_strict(void)
{
    static const struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 4, 0, SYS_read},
        {BPF_JMP | BPF_JEQ | BPF_K, 3, 0, SYS_write},
        {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_exit},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_rt_sigreturn},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    if (cred_current()->filter)
        return -EINVAL;
    struct filter *filter = filter_create(NULL, ARRAY_LEN(code));
    if (!filter)
        return -ENOMEM;
    memcpy(filter->code, code, sizeof(code));
    filter->is_strict = true;
    return install_filter(filter);
}

/* A program that runs with set-id bits must not be made to misbehave by who
 * runs it. */
static int
set_filter(uint64_t user)
{
    const struct cred *cred = cred_current();
    struct sock_fprog program;
    int err = arg_read(&program, user);
    if (err)
        return err;
    if (program.len == 0 || program.len > BPF_MAXINSNS)
        return -EINVAL;
    if (!cred_is_root(cred) && !cred->no_new_privs)
        return -EACCES;
    struct filter *filter = filter_create(cred->filter, program.len);
    if (!filter)
        return -ENOMEM;
    err = uaccess_read(filter->code, uaddr(program.filter),
                       program.len * sizeof(filter->code[0]));
    if (!err && !filter_is_valid(filter))
        err = -EINVAL;
    if (err)
        filter_put(filter);
    return err ?: install_filter(filter);
}

int
seccomp_set_mode(uint64_t mode, uint64_t program)
{
    return mode == SECCOMP_MODE_STRICT   ? set_strict()
           : mode == SECCOMP_MODE_FILTER ? set_filter(program)
                                         : -EINVAL;
}

int
seccomp_get_mode(void)
{
    return filter_mode(cred_current()->filter);
}

/* Whether the action at user address `user` is one that does something. */
static int
check_action(uint64_t user)
{
    uint32_t action;
    int err = arg_read(&action, user);
    if (err)
        return err;
    switch (action) {
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_TRAP:
    case SECCOMP_RET_ERRNO:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ALLOW:
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

/* A filter can be given to all threads as long as there is but one. */
static int
check_filter_flags(uint64_t flags)
{
    struct process *self = process_current();
    if (flags &
        ~(uint64_t)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG |
                    SECCOMP_FILTER_FLAG_SPEC_ALLOW))
        return -EINVAL;
    return (flags & SECCOMP_FILTER_FLAG_TSYNC) && READ_ONCE(self->nthreads) > 1
               ? -EINVAL
               : 0;
}

SYSCALL_DEFINE(seccomp)
{
    int err;
    switch ((unsigned)arg[0]) {
    case SECCOMP_SET_MODE_STRICT:
        return arg[1] || arg[2] ? -EINVAL : set_strict();
    case SECCOMP_SET_MODE_FILTER:
        err = check_filter_flags(arg[1]);
        return err ?: set_filter(arg[2]);
    case SECCOMP_GET_ACTION_AVAIL:
        return arg[1] ? -EINVAL : check_action(arg[2]);
    default:
        return -EINVAL;
    }
}
