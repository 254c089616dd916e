#include <signal.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct sigaction) == sizeof(struct sigaction_abi),
               "the kernel's layout");

int
kill(pid_t pid, int number)
{
    return (int)errno_result(riscv_syscall3(SYS_kill, pid, number, 0));
}

int
raise(int number)
{
    return kill(getpid(), number);
}

int
sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    return (int)errno_result(riscv_syscall6(SYS_rt_sigaction, number,
                                            (long)action, (long)old,
                                            sizeof(sigset_t), 0, 0));
}

sighandler_t
signal(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction old;

    if (sigaction(number, &action, &old) != 0)
        return SIG_ERR;
    return old.sa_handler;
}

int
sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return (int)errno_result(riscv_syscall6(SYS_rt_sigprocmask, how, (long)set,
                                            (long)old, sizeof(*set), 0, 0));
}

int
sigsuspend(const sigset_t *set)
{
    return (int)errno_result(
        riscv_syscall3(SYS_rt_sigsuspend, (long)set, sizeof(*set), 0));
}

int
sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int
sigfillset(sigset_t *set)
{
    *set = ~0ull;
    return 0;
}

int
sigaddset(sigset_t *set, int number)
{
    if (number < 1 || number > NSIG)
        return errno_fail(EINVAL);
    *set |= 1ull << (number - 1);
    return 0;
}

int
sigdelset(sigset_t *set, int number)
{
    if (number < 1 || number > NSIG)
        return errno_fail(EINVAL);
    *set &= ~(1ull << (number - 1));
    return 0;
}

int
sigismember(const sigset_t *set, int number)
{
    if (number < 1 || number > NSIG)
        return errno_fail(EINVAL);
    return *set >> (number - 1) & 1;
}
