/* System calls about the ends of children, and what anybody has used. */
#include "abi/resource.h"
#include "abi/wait.h"
#include "arch/clock.h"
#include "lib/string.h"
#include "proc/usage.h"
#include "sys/sys.h"
#include "sys/timearg.h"

#define WAIT4_OPTIONS \
    (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)
#define WAITID_OPTIONS (WAIT4_OPTIONS | WEXITED | WNOWAIT)
#define NS_PER_TICK    (NS_PER_S / CLK_TCK)

/* ---- What was used ---- */

static struct timeval
timeval_of(uint64_t ns)
{
    return (struct timeval){(int64_t)(ns / NS_PER_S),
                            (int64_t)(ns % NS_PER_S / 1000)};
}

/* Tells the user at address `user`, unless that is 0. */
static int
write_usage(uint64_t user, const struct usage *used)
{
    const struct rusage rusage = {
        .ru_utime = timeval_of(used->user_ns),
        .ru_stime = timeval_of(used->run_ns - used->user_ns),
        .ru_maxrss = (int64_t)(used->peak >> 10),
        .ru_minflt = (int64_t)used->minor_faults,
        .ru_majflt = (int64_t)used->major_faults,
        .ru_nvcsw = (int64_t)used->voluntary,
        .ru_nivcsw = (int64_t)used->involuntary,
    };
    return user ? arg_write(user, &rusage) : 0;
}

SYSCALL_DEFINE(getrusage)
{
    const struct process *self = process_current();
    int who = (int)arg[0];
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return -EINVAL;
    spin_lock(&process_lock);
    struct usage used = who == RUSAGE_CHILDREN ? self->used_by_children
                                               : usage_of_process(self);
    if (who == RUSAGE_THREAD) {
        uint64_t peak = used.peak;
        used = usage_of_thread(thread_current());
        used.peak = peak;
    }
    spin_unlock(&process_lock);
    return arg[1] ? write_usage(arg[1], &used) : -EFAULT;
}

SYSCALL_DEFINE(times)
{
    const struct process *self = process_current();
    spin_lock(&process_lock);
    struct usage own = usage_of_process(self), theirs = self->used_by_children;
    spin_unlock(&process_lock);
    const struct tms tms = {
        .tms_utime = (int64_t)own.user_ns / NS_PER_TICK,
        .tms_stime = (int64_t)(own.run_ns - own.user_ns) / NS_PER_TICK,
        .tms_cutime = (int64_t)theirs.user_ns / NS_PER_TICK,
        .tms_cstime = (int64_t)(theirs.run_ns - theirs.user_ns) / NS_PER_TICK,
    };
    if (arg[0] != 0 && arg_write(arg[0], &tms) != 0)
        return -EFAULT;
    return (int64_t)clock_now_ns() / NS_PER_TICK;
}

/* ---- Waiting ---- */

SYSCALL_DEFINE(wait4)
{
    int pid = (int)arg[0];
    unsigned options = (unsigned)arg[2];
    struct wait_request what = {.options = options | WEXITED};
    struct wait_news news;
    if (options & ~WAIT4_OPTIONS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH; /* has no group of the opposite number */
    if (pid != -1) {
        what.which = pid > 0 ? P_PID : P_PGID;
        what.id = pid > 0 ? pid : -pid;
    }
    if (pid == 0)
        what.id = READ_ONCE(process_current()->pgid);
    pid = process_wait(&what, &news);
    if (pid <= 0)
        return pid;
    if (arg[1] != 0 && arg_write(arg[1], &news.status) != 0)
        return -EFAULT;
    return write_usage(arg[3], &news.used) ?: pid;
}

/* Tells the user what wait4's status says, or, for pid 0, nothing. */
static int
write_child_info(uint64_t user, int pid, const struct wait_news *news)
{
    union {
        struct siginfo info;
        uint8_t bytes[SIGINFO_SIZE];
    } out = {.bytes = {0}};
    int status = news->status;
    if (pid > 0) {
        out.info.signo = SIGCHLD;
        out.info.pid = pid;
        out.info.uid = news->uid;
        out.info.value = (uint64_t)WTERMSIG(status);
        out.info.code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
        if (status == WAIT_CONTINUED) {
            out.info.code = CLD_CONTINUED;
            out.info.value = SIGCONT;
        } else if (WIFEXITED(status) || WIFSTOPPED(status)) {
            out.info.code = WIFEXITED(status) ? CLD_EXITED : CLD_STOPPED;
            out.info.value = (uint64_t)WEXITSTATUS(status);
        }
    }
    return user ? arg_write(user, &out) : 0;
}

SYSCALL_DEFINE(waitid)
{
    struct wait_request what = {.id = (int)arg[1], .options = (unsigned)arg[3]};
    struct wait_news news = {0};
    if (what.options & ~WAITID_OPTIONS ||
        !(what.options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    if (arg[0] > P_PGID || (arg[0] == P_PID && what.id <= 0) ||
        (arg[0] == P_PGID && what.id < 0))
        return -EINVAL;
    what.which = (unsigned)arg[0];
    if (what.which == P_PGID && what.id == 0)
        what.id = READ_ONCE(process_current()->pgid);
    int pid = process_wait(&what, &news);
    if (pid < 0)
        return pid;
    int error = pid > 0 ? write_usage(arg[4], &news.used) : 0;
    return error ?: write_child_info(arg[2], pid, &news);
}
