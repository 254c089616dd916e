/* Calls that make, look at and arrange processes. */
#include "usertests.h"

static const char *const bad_argv[] = {"x", (const char *)8, NULL};
static const char *const good_argv[] = {"x", NULL};

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
