#include <unistd.h>
#include <errno.h>
#include <limits.h>
#include <riscv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

pid_t
fork(void)
{
    long pid = riscv_syscall6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);

    return (pid_t)errno_result(pid);
}

int
execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)errno_result(
        riscv_syscall3(SYS_execve, (long)path, (long)argv, (long)envp));
}

int
execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

int
execvp(const char *file, char *const argv[])
{
    const char *dirs = getenv("PATH");
    char path[PATH_MAX];
    int error = ENOENT;

    if (strchr(file, '/'))
        return execv(file, argv);
    if (!dirs)
        dirs = "/bin:/sbin";
    for (;;) {
        size_t len = strcspn(dirs, ":");
        if (len + strlen(file) + 2 <= sizeof(path)) {
            memcpy(path, len ? dirs : ".", len ? len : 1);
            path[len ? len : 1] = '/';
            strcpy(path + (len ? len : 1) + 1, file);
            execv(path, argv);
            if (errno != ENOENT && errno != ENOTDIR)
                error = errno;
        }
        if (!dirs[len])
            return errno_fail(error);
        dirs += len + 1;
    }
}

void
_exit(int status)
{
    for (;;)
        riscv_syscall3(SYS_exit_group, status, 0, 0);
}

pid_t
wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return (pid_t)errno_result(riscv_syscall6(SYS_wait4, pid, (long)status,
                                              options, (long)usage, 0, 0));
}

pid_t
waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

pid_t
wait(int *status)
{
    return waitpid(-1, status, 0);
}

pid_t
getpid(void)
{
    return (pid_t)riscv_syscall0(SYS_getpid);
}

pid_t
getppid(void)
{
    return (pid_t)riscv_syscall0(SYS_getppid);
}

pid_t
setsid(void)
{
    return (pid_t)errno_result(riscv_syscall0(SYS_setsid));
}

pid_t
getsid(pid_t pid)
{
    return (pid_t)errno_result(riscv_syscall3(SYS_getsid, pid, 0, 0));
}

int
setpgid(pid_t pid, pid_t group)
{
    return (int)errno_result(riscv_syscall3(SYS_setpgid, pid, group, 0));
}

pid_t
getpgid(pid_t pid)
{
    return (pid_t)errno_result(riscv_syscall3(SYS_getpgid, pid, 0, 0));
}

pid_t
getpgrp(void)
{
    return getpgid(0);
}
