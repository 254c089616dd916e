/* Calls on signals. */
#include "usertests.h"
#include <signal.h>
#include <time.h>

static const uint64_t no_signal;
static const uint64_t odd_stack[3] = {0, 77, 8192};
static const uint64_t small_stack[3] = {0, 0, 16};
static const struct timespec no_time;
static const struct timespec too_late = {0, 1000000000};
static const uint32_t from_kernel[32] = {SIGTERM, 0, 0x80};

void
bad_signals(void)
{
    bad(ESRCH, kill, 30000, 0);
    bad(EINVAL, kill, 1, 65);
    bad(EINVAL, kill, 1, -1);
    bad(ESRCH, kill, -30000, 0);
    bad(ESRCH, tkill, 30000, 0);
    bad(EINVAL, tkill, -1, 0);
    bad(EINVAL, tkill, 1, 65);
    bad(ESRCH, tgkill, 30000, 30000, 0);
    bad(EINVAL, tgkill, -1, 1, 0);
    bad(EINVAL, tgkill, 1, 1, 99);
    bad(EINVAL, rt_sigaction, 0, NULL, NULL, 8);
    bad(EINVAL, rt_sigaction, 65, NULL, NULL, 8);
    bad(EINVAL, rt_sigaction, SIGTERM, NULL, NULL, 7);
    bad(EINVAL, rt_sigaction, SIGKILL, buffer, NULL, 8);
    bad(EFAULT, rt_sigaction, SIGTERM, NO_PAGE, NULL, 8);
    bad(EFAULT, rt_sigaction, SIGTERM, NULL, NO_PAGE, 8);
    bad(EINVAL, rt_sigpending, buffer, 9);
    bad(EINVAL, rt_sigsuspend, buffer, 9);
    bad(EFAULT, rt_sigsuspend, NO_PAGE, 8);
    bad(EFAULT, sigaltstack, NO_PAGE, NULL);
    bad(EFAULT, sigaltstack, NULL, read_only);
    bad(EINVAL, sigaltstack, odd_stack, NULL);
    bad(ENOMEM, sigaltstack, small_stack, NULL);
    bad(EFAULT, rt_sigpending, NO_PAGE, 8);
    bad(EINVAL, rt_sigtimedwait, buffer, NULL, NULL, 4);
    bad(EFAULT, rt_sigtimedwait, NO_PAGE, NULL, NULL, 8);
    bad(EAGAIN, rt_sigtimedwait, &no_signal, NULL, &no_time, 8);
    bad(EINVAL, rt_sigtimedwait, &no_signal, NULL, &too_late, 8);
    bad(EFAULT, rt_sigqueueinfo, 1, SIGTERM, NO_PAGE);
    bad(EFAULT, rt_tgsigqueueinfo, 1, 1, SIGTERM, KERNEL_PAGE);
    bad(EPERM, rt_sigqueueinfo, 1 << 20, SIGTERM, &from_kernel);
    bad(EINVAL, rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4);
    bad(EINVAL, rt_sigprocmask, 77, buffer, NULL, 8);
    bad(EFAULT, rt_sigprocmask, SIG_BLOCK, NO_PAGE, NULL, 8);
    bad(EFAULT, rt_sigprocmask, SIG_BLOCK, NULL, read_only, 8);
}
