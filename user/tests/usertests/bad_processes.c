/* Calls that make, look at and arrange processes. */
#include "usertests.h"

static const char *const bad_argv[] = {"x", (const char *)8, NULL};
static const char *const good_argv[] = {"x", NULL};

#define FUTEX_WAIT_PRIVATE 128

static uint32_t word;
static const int64_t soon[2] = {0, 1};

void
bad_processes(void)
{
    bad(EFAULT, execve, NO_PAGE, NULL, NULL);
    bad(ENOENT, execve, NO_NAME, good_argv, NULL);
    bad(ENOENT, execve, "", good_argv, NULL);
    bad(EACCES, execve, FILE_NAME, good_argv, NULL);
    bad(EACCES, execve, DIR_NAME, good_argv, NULL);
    bad(EFAULT, execve, "/bin/true", NO_PAGE, NULL);
    bad(EFAULT, execve, "/bin/true", bad_argv, NULL);
    bad(EFAULT, execve, "/bin/true", good_argv, KERNEL_PAGE);
    bad(ENAMETOOLONG, execve, long_path, good_argv, NULL);
    bad(ECHILD, wait4, -1, NULL, 0, NULL);
    bad(ECHILD, wait4, 30000, NULL, 0, NULL);
    bad(EINVAL, wait4, -1, NULL, 0x10000, NULL);
    bad(EINVAL, clone, 0x10000, 0, 0, 0, 0); /* CLONE_THREAD by itself */
    bad(EINVAL, setpgid, 0, -1);
    bad(EINVAL, setpgid, -1, 0);
    bad(ESRCH, setpgid, 30000, 0);
    bad(ESRCH, getpgid, 30000);
    bad(ESRCH, getsid, 30000);
    bad(EINVAL, set_robust_list, buffer, 1);
    bad(EFAULT, get_robust_list, 0, NO_PAGE, buffer);
    bad(EFAULT, get_robust_list, 0, buffer, KERNEL_PAGE);
    bad(ESRCH, get_robust_list, 30000, buffer, buffer);
    bad(EINVAL, clone3, buffer, 8);
    bad(ECHILD, waitid, 0, 0, NULL, 4, NULL); /* P_ALL, WEXITED */
    bad(EINVAL, waitid, 77, 0, NULL, 4, NULL);
    bad(EINVAL, waitid, 0, 0, NULL, 0, NULL);
    bad(EINVAL, getpriority, 3, 0);
    bad(ESRCH, getpriority, 0, 30000);
    bad(EINVAL, setpriority, 3, 0, 0);
    bad(ESRCH, setpriority, 1, 30000, 0);
    bad(EINVAL, sched_getscheduler, -1);
    bad(ESRCH, sched_getscheduler, 30000);
    bad(EINVAL, sched_setscheduler, 0, 77, buffer);
    bad(EFAULT, sched_setscheduler, 0, 0, NO_PAGE);
    bad(ESRCH, sched_setparam, 30000, "\0\0\0");
    bad(EFAULT, sched_setparam, 0, NO_PAGE);
    bad(EFAULT, sched_getparam, 0, read_only);
    bad(ESRCH, sched_getparam, 30000, buffer);
    bad(EINVAL, sched_get_priority_max, 77);
    bad(EINVAL, sched_get_priority_min, -1);
    bad(EFAULT, sched_rr_get_interval, 0, NO_PAGE);
    bad(EFAULT, sched_setaffinity, 0, 8, NO_PAGE);
    bad(EINVAL, sched_setaffinity, 0, 0, buffer);
    bad(ESRCH, sched_setaffinity, 30000, 8, "\xff\0\0\0\0\0\0");
    bad(EFAULT, sched_getaffinity, 0, 8, KERNEL_PAGE);
    bad(EINVAL, sched_getaffinity, 0, 4, buffer);
    bad(EINVAL, getrusage, 77, buffer);
    bad(EFAULT, getrusage, 0, NO_PAGE);
    bad(EFAULT, times, NO_PAGE);
    bad(EINVAL, prctl, 77777, 0, 0, 0, 0);
    bad(EFAULT, prctl, 15, NO_PAGE);     /* PR_SET_NAME */
    bad(EFAULT, prctl, 16, KERNEL_PAGE); /* PR_GET_NAME */
    bad(EINVAL, prctl, 1, 99, 0, 0, 0);  /* PR_SET_PDEATHSIG */
    bad(EFAULT, clone3, NO_PAGE, 88);
    bad(EFAULT, clone3, KERNEL_PAGE, 88);
    bad(EFAULT, futex, NO_PAGE, FUTEX_WAIT_PRIVATE, 0, NULL);
    bad(EFAULT, futex, KERNEL_PAGE, FUTEX_WAIT_PRIVATE, 0, NULL);
    bad(EINVAL, futex, buffer + 1, FUTEX_WAIT_PRIVATE, 0, NULL);
    bad(EAGAIN, futex, buffer, FUTEX_WAIT_PRIVATE, 77, NULL);
    bad(EFAULT, futex, &word, FUTEX_WAIT_PRIVATE, 0, NO_PAGE);
    bad(EINVAL, futex, &word, FUTEX_WAIT_PRIVATE, 0, too_many_ns);
    bad(ETIMEDOUT, futex, &word, FUTEX_WAIT_PRIVATE, 0, soon);
    bad(ENOSYS, futex, &word, 99, 0, NULL);
    bad(EFAULT, prlimit64, 0, 7, NULL, NO_PAGE);
    bad(EFAULT, prlimit64, 0, 7, NO_PAGE, NULL);
    bad(EINVAL, prlimit64, 0, 77, NULL, buffer);
    bad(ESRCH, prlimit64, 30000, 7, NULL, buffer);
    never_fails(umask);
    never_fails(getpid);
    never_fails(getppid);
    never_fails(gettid);
    never_fails(getuid);
    never_fails(geteuid);
    never_fails(getgid);
    never_fails(getegid);
    never_fails(sched_yield);
    never_fails(set_tid_address);
}
