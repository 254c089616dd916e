/* fork, execve, wait4, exit statuses and what a new program is given. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

static char **arguments; /* argv of main */
static void *volatile bad_pointer = (void *)8;

/* Forks a child that runs body and ends; returns how it ended. */
static int
in_child(void (*body)(void))
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        body();
        _exit(99);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void
exit_42(void)
{
    _exit(42);
}

static void
fork_and_exit_status(void)
{
    int status = in_child(exit_42);

    check(WIFEXITED(status));
    check_eq(WEXITSTATUS(status), 42);
}

static void
die_by_term(void)
{
    raise(SIGTERM);
}

static void
signal_in_status(void)
{
    int status = in_child(die_by_term);

    check(WIFSIGNALED(status));
    check_eq(WTERMSIG(status), SIGTERM);
}

static void
touch_null(void)
{
    *(volatile int *)bad_pointer = 1;
}

static void
write_text(void)
{
    *(volatile int *)(uintptr_t)touch_null = 0;
}

static void
faults_kill(void)
{
    check_eq(WTERMSIG(in_child(touch_null)), SIGSEGV);
    check_eq(WTERMSIG(in_child(write_text)), SIGSEGV);
}

static void
touch_kernel(void)
{
    *(volatile int *)0xffffffc000000000ul = 1;
}

static void
kernel_is_out_of_reach(void)
{
    check_eq(WTERMSIG(in_child(touch_kernel)), SIGSEGV);
}

static void
wait_errors(void)
{
    int status;

    check_fails(ECHILD, waitpid(-1, &status, 0));
    check_fails(ECHILD, waitpid(1, &status, 0));
    check_fails(EINVAL, waitpid(-1, &status, 0x1000));
}

static void
wait_nohang(void)
{
    int fds[2], status;
    char byte;
    pid_t pid;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        close(fds[1]);
        _exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
    }
    check_eq(waitpid(pid, &status, WNOHANG), 0);
    close(fds[0]);
    close(fds[1]);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
ids(void)
{
    pid_t pid, parent = getpid();
    int status;

    pid = fork();
    if (pid == 0)
        _exit(getppid() == parent && getpid() != parent ? 0 : 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(getuid(), 0);
    check_eq(getgid(), 0);
}

/* A grandchild whose parent ended belongs to init from then on. */
static void
orphans_go_to_init(void)
{
    int fds[2];
    pid_t adopted = 0;

    check_eq(pipe(fds), 0);
    fflush(stdout);
    if (fork() == 0) {
        pid_t middle = getpid();
        if (fork() == 0) {
            while (getppid() == middle)
                usleep(1000);
            adopted = getppid();
            _exit(write(fds[1], &adopted, sizeof(adopted)) < 0);
        }
        _exit(0);
    }
    check(wait(NULL) > 0);
    check_eq(read(fds[0], &adopted, sizeof(adopted)), sizeof(adopted));
    check_eq(adopted, 1);
    close(fds[0]);
    close(fds[1]);
}

static void
exec_with_arguments(void)
{
    char *argv[] = {arguments[0], (char *)"child", (char *)"two words",
                    (char *)"", NULL};
    char *envp[] = {(char *)"A=1", (char *)"B=", NULL};
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        execve(arguments[0], argv, envp);
        _exit(98);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

/* The other side of exec_with_arguments. Returns its exit status. */
static int
child_main(int argc, char **argv, char **envp)
{
    if (argc != 4 || strcmp(argv[2], "two words") != 0 || *argv[3] || argv[4])
        return 1;
    if (strcmp(envp[0], "A=1") != 0 || strcmp(envp[1], "B=") != 0 || envp[2])
        return 2;
    if (getauxval(AT_PAGESZ) != 4096 || !getauxval(AT_PHDR) ||
        !getauxval(AT_RANDOM) || getauxval(AT_PHENT) != 56)
        return 3;
    if (strcmp((char *)getauxval(AT_EXECFN), argv[0]) != 0)
        return 4;
    return 0;
}

static void
exec_errors(void)
{
    char *argv[] = {(char *)"x", NULL};

    check_fails(ENOENT, execve("/nonexistent", argv, environ));
    check_fails(EACCES, execve("/", argv, environ));
    check_fails(EACCES, execve("/etc/passwd", argv, environ));
    check_fails(ENOTDIR, execve("/etc/passwd/x", argv, environ));
    check_fails(EFAULT, execve(bad_pointer, argv, environ));
    check_fails(EFAULT, execve(arguments[0], bad_pointer, environ));
}

#define READY 50
#define HOLD  51

static int
copy_self(const char *to)
{
    static char block[4096];
    int in = open(arguments[0], O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    ssize_t n;

    while ((n = read(in, block, sizeof(block))) > 0)
        check_eq(write(out, block, (size_t)n), n);
    close(in);
    return out;
}

/* Starts a copy of this program, which runs until HOLD is closed. */
static pid_t
start_holder(const char *path, int *hold)
{
    char *argv[] = {(char *)path, (char *)"hold", NULL};
    int ready[2], holds[2];
    char byte;
    pid_t pid;

    check(pipe(ready) == 0 && pipe(holds) == 0);
    pid = fork();
    if (pid == 0) {
        dup2(ready[1], READY);
        dup2(holds[0], HOLD);
        close(ready[1]);
        close(holds[1]);
        execve(path, argv, environ);
        _exit(1);
    }
    close(ready[1]);
    close(holds[0]);
    check_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *hold = holds[1];
    return pid;
}

static int
hold_on(void)
{
    char byte = 0;

    if (write(READY, &byte, 1) != 1)
        return 1;
    close(READY);
    return (int)read(HOLD, &byte, 1);
}

static void
programs_that_run_are_not_written(void)
{
    const char *path = "/tmp/held";
    char *argv[] = {(char *)path, NULL};
    int out = copy_self(path), hold, status = -1;
    pid_t pid;

    check_fails(ETXTBSY, execve(path, argv, environ));
    close(out);
    pid = start_holder(path, &hold);
    check_fails(ETXTBSY, open(path, O_WRONLY));
    check_fails(ETXTBSY, open(path, O_RDWR));
    check_fails(ETXTBSY, open(path, O_RDONLY | O_TRUNC));
    check_fails(ETXTBSY, truncate(path, 0));
    out = open(path, O_RDONLY);
    check(out >= 0);
    close(out);
    close(hold);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    out = open(path, O_WRONLY | O_TRUNC);
    check(out >= 0);
    close(out);
    unlink(path);
}

static void
exec_closes_marked_descriptors(void)
{
    int fd = open("/", O_RDONLY | O_CLOEXEC), other = open("/", O_RDONLY);
    char *argv[] = {arguments[0], (char *)"fds", NULL, NULL, NULL};
    char marked[16], kept[16];
    int status;

    snprintf(marked, sizeof(marked), "%d", fd);
    snprintf(kept, sizeof(kept), "%d", other);
    argv[2] = marked;
    argv[3] = kept;
    fflush(stdout);
    if (fork() == 0) {
        execv(arguments[0], argv);
        _exit(98);
    }
    wait(&status);
    check_eq(status, 0);
    close(fd);
    close(other);
}

static void
fork_copies_memory(void)
{
    static int value = 1;
    volatile int on_stack = 1;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        value = 2;
        on_stack = 2;
        _exit(value + on_stack);
    }
    waitpid(pid, &status, 0);
    check_eq(WEXITSTATUS(status), 4);
    check_eq(value, 1);
    check_eq(on_stack, 1);
}

static void
many_children(void)
{
    pid_t pids[50];
    int status;

    for (int i = 0; i < 50; i++)
        if ((pids[i] = fork()) == 0)
            _exit(i);
    for (int i = 49; i >= 0; i--) {
        check_eq(waitpid(pids[i], &status, 0), pids[i]);
        check_eq(WEXITSTATUS(status), i);
    }
}

static void
limits_can_be_set(void)
{
    enum { RLIMITS = 16 };
    uint64_t limit[2], less[2], found[2];

    for (int i = 0; i < RLIMITS; i++) {
        check_eq(syscall(SYS_prlimit64, 0, i, NULL, limit), 0);
        less[0] = limit[0] - (limit[0] > 0);
        less[1] = limit[1];
        check_eq(syscall(SYS_prlimit64, 0, i, less, NULL), 0);
        check_eq(syscall(SYS_prlimit64, getpid(), i, limit, found), 0);
        check_eq(found[0], less[0]);
        check_eq(found[1], less[1]);
        less[1] = less[0] - 1;
        if (less[0] > 0)
            check_fails(EINVAL, syscall(SYS_prlimit64, 0, i, less, NULL));
    }
    check_fails(EINVAL, syscall(SYS_prlimit64, 0, RLIMITS, NULL, limit));
    check_fails(EFAULT, syscall(SYS_prlimit64, 0, 0, bad_pointer, NULL));
}

static void
unknown_call(void)
{
    check_fails(ENOSYS, syscall(999));
    check_fails(ENOSYS, syscall(-5));
}

int
main(int argc, char **argv, char **envp)
{
    static const struct tap_case cases[] = {
        TAP_CASE(fork_and_exit_status),
        TAP_CASE(signal_in_status),
        TAP_CASE(faults_kill),
        TAP_CASE(kernel_is_out_of_reach),
        TAP_CASE(wait_errors),
        TAP_CASE(wait_nohang),
        TAP_CASE(ids),
        TAP_CASE(orphans_go_to_init),
        TAP_CASE(exec_with_arguments),
        TAP_CASE(exec_errors),
        TAP_CASE(programs_that_run_are_not_written),
        TAP_CASE(exec_closes_marked_descriptors),
        TAP_CASE(fork_copies_memory),
        TAP_CASE(many_children),
        TAP_CASE(limits_can_be_set),
        TAP_CASE(unknown_call),
    };

    arguments = argv;
    if (argc > 1 && strcmp(argv[1], "hold") == 0)
        return hold_on();
    if (argc > 1 && strcmp(argv[1], "child") == 0)
        return child_main(argc, argv, envp);
    if (argc > 3 && strcmp(argv[1], "fds") == 0)
        return !(fcntl(atoi(argv[2]), F_GETFD) < 0 &&
                 fcntl(atoi(argv[3]), F_GETFD) == 0);
    return tap_run(cases, ARRAY_LEN(cases));
}
