/* Children that share memory, files or directories with their parent; and
 * clones that cannot be. */
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *self_path;
static volatile int shared;
static char stack[65536] __attribute__((aligned(16)));

static int
status_of(pid_t pid)
{
    int status = -1;

    check_eq(waitpid(pid, &status, __WALL), pid);
    return status;
}

static void
memory_is_shared(void)
{
    pid_t pid = vfork();

    if (pid == 0) {
        shared = 5;
        _exit(3);
    }
    check_eq(shared, 5); /* the child has ended, or we would not be here */
    check_eq(status_of(pid), 3 << 8);
}

static void
parents_wait_for_exec(void)
{
    pid_t pid = vfork();

    if (pid == 0) {
        for (int i = 0; i < 100; i++)
            sched_yield();
        shared = 6;
        execl(self_path, self_path, "program", NULL);
        _exit(1);
    }
    check_eq(shared, 6);
    check_eq(status_of(pid), 45 << 8);
}

static int
spoil_and_exec(void *arg)
{
    char room[4096];

    memset(room, 1, sizeof(room));
    shared = room[(uintptr_t)arg];
    execl(self_path, self_path, "program", NULL);
    shared = 9;
    return 1;
}

static void
with_a_stack_of_its_own(void)
{
    pid_t pid = clone(spoil_and_exec, stack + sizeof(stack),
                      CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)7);

    check(pid > 0);
    check_eq(shared, 1);
    check_eq(status_of(pid), 45 << 8);
    for (int i = 0; i < 100; i++) {
        pid = vfork();
        if (pid == 0)
            _exit(i);
        check_eq(status_of(pid), i << 8);
    }
}

static int ready[2];

/* Whoever waits for vfork can be killed; the child goes on. */
static int
outlive_parent(void *arg)
{
    char c = 'c';
    pid_t parent = getppid();

    kill(parent, SIGKILL);
    while (getppid() == parent)
        sched_yield();
    shared = 1;
    check_eq(write(ready[1], &c, 1), 1);
    return arg != NULL;
}

static void
killed_while_waiting(void)
{
    char c;
    pid_t pid;

    check_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        clone(outlive_parent, stack + sizeof(stack),
              CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
        _exit(1);
    }
    check_eq(status_of(pid), SIGKILL);
    check_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
}

/* A child that goes on beside its parent, in the same memory. */
static int
add_up(void *arg)
{
    for (int i = 0; i < 10000; i++)
        __atomic_fetch_add((int *)arg, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void
side_by_side(void)
{
    static char more[4][16384] __attribute__((aligned(16)));
    pid_t pids[4];

    shared = 0;
    for (int i = 0; i < 4; i++)
        pids[i] = clone(add_up, more[i] + sizeof(more[i]), CLONE_VM | SIGCHLD,
                        (void *)&shared);
    add_up((void *)&shared);
    for (int i = 0; i < 4; i++)
        check_eq(status_of(pids[i]), 0);
    check_eq(shared, 50000);
}

static int
change_all(void *arg)
{
    check_eq(close(*(int *)arg), 0);
    check_eq(fcntl(0, F_DUPFD, 77), 77);
    check_eq(chdir("/proc"), 0);
    return 0;
}

static void
files_and_directories(void)
{
    char path[64];
    int fd = dup(0);
    pid_t pid = clone(change_all, stack + sizeof(stack), SIGCHLD, &fd);

    check_eq(chdir("/"), 0);
    check_eq(status_of(pid), 0);
    check_fails(EBADF, fcntl(77, F_GETFD));
    check_eq(fcntl(fd, F_GETFD), 0);
    check(strcmp(getcwd(path, sizeof(path)), "/") == 0);
    pid = clone(change_all, stack + sizeof(stack),
                CLONE_FILES | CLONE_FS | SIGCHLD, &fd);
    check_eq(status_of(pid), 0);
    check_eq(fcntl(77, F_GETFD), 0);
    check_fails(EBADF, fcntl(fd, F_GETFD));
    check(strcmp(getcwd(path, sizeof(path)), "/proc") == 0);
    close(77);
    check_eq(chdir("/"), 0);
}

static int
exec_with_files(void *arg)
{
    execl(self_path, self_path, "program", arg, NULL);
    return 1;
}

/* A program has descriptors of its own: closing on exec is no loss to us. */
static void
exec_takes_leave(void)
{
    int fd = fcntl(0, F_DUPFD_CLOEXEC, 60);
    pid_t pid = clone(exec_with_files, stack + sizeof(stack),
                      CLONE_FILES | CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

    check_eq(status_of(pid), 45 << 8);
    check_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

static int
raw_clone(unsigned long flags)
{
    int pid = (int)syscall(SYS_clone, flags, 0, 0, 0, 0);

    if (pid == 0)
        _exit(77);
    return pid;
}

struct args {
    unsigned long flags, pidfd, child_tid, parent_tid, exit_signal;
    unsigned long stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static int
raw_clone3(struct args args, size_t size)
{
    int pid = (int)syscall(SYS_clone3, &args, size);

    if (pid == 0)
        _exit(78);
    return pid;
}

static void
impossible_clones(void)
{
    check_fails(EINVAL, raw_clone(CLONE_THREAD | SIGCHLD));
    check_fails(EINVAL, raw_clone(CLONE_SIGHAND | SIGCHLD));
    check_fails(EINVAL, raw_clone(CLONE_THREAD | CLONE_SIGHAND | SIGCHLD));
    check_fails(EINVAL, raw_clone(CLONE_NEWNS | CLONE_FS | SIGCHLD));
    check_fails(EINVAL, raw_clone3((struct args){.exit_signal = 65}, 88));
    check_fails(EINVAL, raw_clone3((struct args){.flags = SIGCHLD}, 88));
    check_fails(EINVAL, raw_clone3((struct args){.stack = 4096}, 88));
    check_fails(EINVAL, raw_clone3((struct args){.stack_size = 4096}, 88));
    check_fails(EINVAL, raw_clone3((struct args){.exit_signal = 17}, 63));
    check_fails(E2BIG, raw_clone3((struct args){.exit_signal = 17}, 1 << 16));
    check_fails(EFAULT, syscall(SYS_clone3, 8, 88));
    check_eq(status_of(raw_clone3((struct args){.exit_signal = SIGCHLD}, 88)),
             78 << 8);
    check_eq(status_of(raw_clone3((struct args){.exit_signal = SIGCHLD}, 64)),
             78 << 8);
}

static void
tids_are_told(void)
{
    static int parent_tid, child_tid;
    pid_t pid = (pid_t)syscall(SYS_clone,
                               CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
                                   CLONE_CHILD_CLEARTID | SIGCHLD,
                               0, &parent_tid, 0, &child_tid);
    if (pid == 0)
        _exit(child_tid == getpid() ? 79 : 80);
    check_eq(parent_tid, pid);
    check_eq(child_tid, 0);
    check_eq(status_of(pid), 79 << 8);
    pid = (pid_t)syscall(SYS_clone,
                         CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0,
                         8, 0, 8); /* their own loss */
    if (pid == 0)
        _exit(81);
    check_eq(status_of(pid), 81 << 8);
    check_eq(syscall(SYS_set_tid_address, 0), getpid());
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(memory_is_shared),
        TAP_CASE(parents_wait_for_exec),
        TAP_CASE(with_a_stack_of_its_own),
        TAP_CASE(killed_while_waiting),
        TAP_CASE(side_by_side),
        TAP_CASE(files_and_directories),
        TAP_CASE(exec_takes_leave),
        TAP_CASE(impossible_clones),
        TAP_CASE(tids_are_told),
    };

    if (argc > 1)
        return 45;
    self_path = argv[0];
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
