/* The calls on processes, signals and memory do what they are for. */
#include "abi/landlock.h"
#include "abi/seccomp.h"
#include "usertests.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int
ended(long pid)
{
    int status = -1;

    check_eq(call(wait4, pid, &status, 0, NULL), pid);
    return status;
}

static void
children_are_waited_for(void)
{
    uint64_t how[8] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0};
    long pid = call(clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        call(exit_group, 7);
    check_eq(ended(pid), 7 << 8);
    pid = call(clone3, how, sizeof(how));
    if (pid == 0)
        call(exit, 8);
    check_eq(ended(pid), 8 << 8);
    check_fails(ECHILD, call(wait4, pid, NULL, WNOHANG, NULL));
}

static void
children_are_looked_at(void)
{
    int32_t info[32] = {0};
    int64_t usage[18] = {0}, ticks[4] = {-1, -1, -1, -1};
    char name[16] = "";
    long pid = call(clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        call(exit_group, 9);
    check_eq(call(waitid, 1, pid, info, 4 | 0x1000000, NULL), 0); /* WNOWAIT */
    check(info[0] == SIGCHLD && info[4] == pid && info[6] == 9);
    check_eq(call(waitid, 1, pid, NULL, 4, usage), 0);
    check(usage[0] == 0 && usage[1] < 1000000);
    check_eq(call(getrusage, -1, usage), 0);
    check(call(times, ticks) > 0);
    check(ticks[0] >= 0 && ticks[3] >= 0);
    check_eq(call(prctl, 15, "a name"), 0);
    check_eq(call(prctl, 16, name), 0);
    check(strcmp(name, "a name") == 0);
}

static void
forbid_a_call(void)
{
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EDOM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const struct {
        uint64_t len;
        void *code;
    } program = {4, code};

    check_eq(call(seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
    check_fails(EDOM, call(getppid));
    check_eq(call(getpid), getpid());
}

/* Files may be read in one directory only. */
static void
forbid_files(void)
{
    uint64_t handled = LANDLOCK_ACCESS_FS_READ_FILE;
    struct landlock_path_beneath_attr full = {
        LANDLOCK_ACCESS_FS_READ_FILE,
        (int)call(openat, AT_FDCWD, FULL_NAME, O_PATH, 0)};
    long rules = call(landlock_create_ruleset, &handled, sizeof(handled), 0);

    check(rules >= 0 && full.parent_fd >= 0);
    check_eq(
        call(landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &full, 0),
        0);
    check_eq(call(landlock_restrict_self, rules, 0), 0);
    check_fails(EACCES, call(openat, AT_FDCWD, FILE_NAME, O_RDONLY, 0));
    check(call(openat, full.parent_fd, "inside", O_RDONLY, 0) >= 0);
}

static void
calls_are_forbidden(void)
{
    in_child(forbid_a_call);
    in_child(forbid_files);
}

static void
shares_of_harts(void)
{
    uint64_t harts = 0, slice[2] = {0};
    uint32_t priority = 0;

    check_eq(call(setpriority, 0, 0, 3), 0);
    check_eq(call(getpriority, 0, 0), 20 - 3);
    check_eq(call(setpriority, 0, 0, 0), 0);
    check_eq(call(sched_setscheduler, 0, 5, &priority), 0); /* SCHED_IDLE */
    check_eq(call(sched_getscheduler, 0), 5);
    check_eq(call(sched_setscheduler, 0, 0, &priority), 0);
    check_eq(call(sched_setparam, 0, &priority), 0);
    priority = 9;
    check_eq(call(sched_getparam, 0, &priority), 0);
    check_eq(priority, 0);
    check_eq(call(sched_get_priority_min, 0), 0);
    check_eq(call(sched_get_priority_max, 0), 0);
    check_eq(call(sched_rr_get_interval, 0, slice), 0);
    check(slice[0] == 0 && slice[1] > 0);
    check_eq(call(sched_getaffinity, 0, 8, &harts), 8);
    check(harts & 1);
    check_eq(call(sched_setaffinity, 0, 8, &harts), 0);
}

static void
programs_are_run(void)
{
    static const char *const argv[] = {"false", NULL};
    long pid = call(clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        call(execve, "/bin/false", argv, NULL);
        call(exit_group, 99);
    }
    check_eq(ended(pid), 1 << 8);
}

static void
leave_the_group(void)
{
    long self = call(getpid);

    check_eq(call(gettid), self);
    check_eq(call(setpgid, 0, 0), 0);
    check_eq(call(getpgid, 0), self);
    check_fails(EPERM, call(setsid)); /* a group's leader */
    check(call(getppid) > 0);
}

static void
lead_a_session(void)
{
    long self = call(getpid);

    check_eq(call(setsid), self);
    check_eq(call(getsid, 0), self);
    check_eq(call(getpgid, self), self);
}

static void
groups_and_sessions(void)
{
    in_child(leave_the_group);
    in_child(lead_a_session);
}

static void
users(void)
{
    check_eq(call(getuid), 0);
    check_eq(call(geteuid), 0);
    check_eq(call(getgid), 0);
    check_eq(call(getegid), 0);
}

static void
signals_end_and_wait(void)
{
    uint64_t term = 1ul << (SIGTERM - 1), old = 0;
    long pid = call(clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        pid = call(gettid);
        call(rt_sigprocmask, SIG_BLOCK, &term, NULL, 8);
        call(tgkill, pid, pid, SIGTERM); /* it waits */
        call(tkill, pid, SIGKILL);
    }
    check_eq(ended(pid), SIGKILL);
    check_eq(call(kill, getpid(), 0), 0);
    check_eq(call(rt_sigprocmask, SIG_BLOCK, &term, &old, 8), 0);
    check_eq(call(rt_sigprocmask, SIG_SETMASK, &old, &term, 8), 0);
    check(term & 1ul << (SIGTERM - 1));
    check_eq(call(rt_sigaction, SIGTERM, NULL, buffer, 8), 0);
}

static void
signals_are_queued(void)
{
    uint64_t user_1 = 1ul << (SIGUSR1 - 1), pending = 0;
    int32_t info[32] = {SIGUSR1, 0, -1}; /* SI_QUEUE */

    check_eq(call(rt_sigprocmask, SIG_BLOCK, &user_1, NULL, 8), 0);
    check_eq(call(rt_sigqueueinfo, getpid(), SIGUSR1, info), 0);
    check_eq(call(rt_sigpending, &pending, 8), 0);
    check_eq(pending, user_1);
    check_eq(call(rt_sigtimedwait, &user_1, info, NULL, 8), SIGUSR1);
    check_eq(info[2], -1);
    check_eq(call(rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, info), 0);
    check_eq(call(rt_sigtimedwait, &user_1, NULL, NULL, 8), SIGUSR1);
    check_eq(call(rt_sigprocmask, SIG_UNBLOCK, &user_1, NULL, 8), 0);
}

static volatile int handled;

static void
handle(int signal)
{
    handled = signal;
}

static void
handlers_return(void)
{
    uint64_t action[3] = {(uintptr_t)handle, 0, 0}, none = 0;
    uint64_t user_1 = 1ul << (SIGUSR1 - 1), stack[3] = {0, 0, 0};
    uint64_t how[8] = {1ul << 32, 0, 0, 0, SIGCHLD}; /* CLONE_CLEAR_SIGHAND */
    long pid;

    check_eq(call(rt_sigaction, SIGUSR1, action, NULL, 8), 0);
    check_eq(call(kill, getpid(), SIGUSR1), 0);
    check_eq(handled, SIGUSR1);
    handled = 0;
    check_eq(call(rt_sigprocmask, SIG_BLOCK, &user_1, NULL, 8), 0);
    check_eq(call(kill, getpid(), SIGUSR1), 0);
    check_eq(handled, 0);
    check_fails(EINTR, call(rt_sigsuspend, &none, 8));
    check_eq(handled, SIGUSR1);
    pid = call(clone3, how, sizeof(how));
    if (pid == 0) {
        call(rt_sigaction, SIGUSR1, NULL, action, 8);
        call(exit_group, action[0] == 0);
    }
    check_eq(ended(pid), 1 << 8);
    check_eq(call(sigaltstack, NULL, stack), 0);
    check_eq(stack[1], 2); /* SS_DISABLE */
}

static void
signals_are_handled(void)
{
    in_child(handlers_return);
}

static void
memory_is_mapped(void)
{
    long size = 3 * 4096, brk = call(brk, 0);
    int private = MAP_PRIVATE | MAP_ANONYMOUS;
    unsigned char there[3] = {9, 9, 9};
    char *at =
        (char *)call(mmap, NULL, size, PROT_READ | PROT_WRITE, private, -1, 0);

    check((long)at > 0);
    check_eq(at[5000], 0);
    at[5000] = 1;
    check_eq(call(mincore, at, size - 1, there), 0);
    check(there[0] == 0 && there[1] == 1 && there[2] == 0);
    check_eq(call(mprotect, at, 4096, PROT_READ), 0);
    check_fails(EFAULT, call(getcwd, at, 4096));
    check_eq(call(munmap, at + 4096, 4096), 0);
    check_fails(EFAULT, call(getcwd, at + 5000, 100));
    check_eq(call(msync, at, 4096, 4), 0);
    check_fails(ENOMEM, call(msync, at, size, 4));
    check_eq(call(mlock, at, 4096), 0);
    check_eq(call(mlock2, at, 4096, 1), 0);
    check_eq(call(munlock, at, 4096), 0);
    check_eq(call(mlockall, 1), 0);
    check_eq(call(munlockall), 0);
    check_eq(call(madvise, at, 4096, 4), 0);
    check_eq(at[0], 0);
    check_eq(call(mremap, at, 4096, 4096, 0, 0), (long)at);
    check_eq(call(munmap, at, size), 0);
    int fd = (int)call(memfd_create, "", 1);
    check_eq(call(write, fd, "memory", 6), 6);
    check_eq(call(close, fd), 0);
    at = (char *)call(mmap, NULL, 10, PROT_READ, MAP_PRIVATE, FD_FILE, 0);
    check((long)at > 0 && at[9] == '9');
    check_eq(call(munmap, at, 10), 0);
    check_eq(call(brk, brk + 4096), brk + 4096);
    *(char *)brk = 1;
    check_eq(call(brk, brk), brk);
}

static void
limits_are_told(void)
{
    uint64_t limit[2] = {0, 0};

    check_eq(call(prlimit64, 0, 7, NULL, limit), 0);
    check(limit[0] >= 64 && limit[0] <= limit[1]);
    check_eq(call(prlimit64, getpid(), 7, limit, NULL), 0);
    check_eq(call(getrlimit, 7, limit), 0);
    check_eq(call(setrlimit, 7, limit), 0);
    check_eq(call(set_tid_address, buffer), call(gettid));
    check_eq(call(set_robust_list, buffer, 24), 0);
    check_eq(call(get_robust_list, 0, limit, limit + 1), 0);
    check(limit[0] == (uintptr_t)buffer && limit[1] == 24);
    check_eq(call(set_robust_list, NULL, 24), 0);
    check_eq(call(futex, buffer, 1, 1), 0); /* nobody is there to wake */
    check_eq(call(sched_yield), 0);
}

void
good_processes(void)
{
    good(children_are_waited_for);
    good(children_are_looked_at);
    good(calls_are_forbidden);
    good(shares_of_harts);
    good(programs_are_run);
    good(groups_and_sessions);
    good(users);
    good(signals_end_and_wait);
    good(signals_are_queued);
    good(signals_are_handled);
    good(memory_is_mapped);
    good(limits_are_told);
}
