/* Users and threads: each thread has ids of its own, and glibc's calls change
 * those of all. */
#include "tap.h"
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS   6
#define CHANGERS  2
#define TRIES     25
#define ARGUMENTS 1000 /* so many that they take a program's start a while */

static pthread_barrier_t before, after;
static atomic_int wrong;

/* What this thread is to the kernel, not to glibc. */
static int
own_uid(void)
{
    return (int)syscall(SYS_geteuid);
}

/* ---- glibc's calls ---- */

/* Some threads wait in the kernel, others compute, while the ids change. */
static void *
compare(void *arg)
{
    pthread_barrier_wait(&before);
    for (volatile int i = 0; arg && i < 1000000; i++)
        ;
    pthread_barrier_wait(&after);
    gid_t groups[4];
    wrong += own_uid() != 5 || getgid() != 6 || getgroups(4, groups) != 1 ||
             open("/etc/shadow", O_RDONLY) >= 0;
    return NULL;
}

static void
try_all(void)
{
    pthread_t threads[THREADS];
    gid_t group = 7;
    pthread_barrier_init(&before, NULL, THREADS + 1);
    pthread_barrier_init(&after, NULL, THREADS + 1);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, compare, (void *)(i & 1));
    pthread_barrier_wait(&before);
    wrong += setgroups(1, &group) != 0 || setgid(6) != 0 || setuid(5) != 0;
    pthread_barrier_wait(&after);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- The kernel's calls ---- */

static void *
change_own(void *arg)
{
    (void)arg;
    wrong += syscall(SYS_setresuid, 5, 5, 5) != 0 || own_uid() != 5;
    pthread_barrier_wait(&before);
    pthread_barrier_wait(&after);
    wrong += own_uid() != 5;
    return NULL;
}

static void
try_one(void)
{
    pthread_t thread, born_later;
    pthread_barrier_init(&before, NULL, 2);
    pthread_barrier_init(&after, NULL, 2);
    pthread_create(&thread, NULL, change_own, NULL);
    pthread_barrier_wait(&before);
    wrong += own_uid() != 0;
    wrong += syscall(SYS_setresuid, -1, 9, -1) != 0 || own_uid() != 9;
    wrong += syscall(SYS_setresuid, -1, 0, -1) != 0;
    pthread_barrier_wait(&after);
    pthread_join(thread, NULL);
    wrong += pthread_create(&born_later, NULL, change_own, NULL) != 0;
    pthread_barrier_wait(&before);
    pthread_barrier_wait(&after);
    pthread_join(born_later, NULL);
}

/* ---- Changes that never end, beside calls that go by what is changed ---- */

static atomic_bool stop;

static void *
change_for_ever(void *arg)
{
    (void)arg;
    while (!stop)
        for (int id = 0; id < 2; id++)
            wrong += syscall(SYS_setresuid, -1, id, 0) != 0;
    return NULL;
}

static void
try_storm(void)
{
    pthread_t threads[CHANGERS];
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/status", getppid());
    for (int i = 0; i < CHANGERS; i++)
        pthread_create(&threads[i], NULL, change_for_ever, NULL);
    for (int i = 0; i < 40; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(own_uid() != 0 || access("/etc/shadow", R_OK) != 0);
        int status = -1;
        wrong +=
            kill(pid, 0) != 0 || waitpid(pid, &status, 0) != pid || status != 0;
        close(open("/proc/self/status", O_RDONLY));
        close(open(path, O_RDONLY));
    }
    stop = true;
    for (int i = 0; i < CHANGERS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- A companion: a process that has the directory of a program ---- */

static int reports[2], births[2], stay[2];

/* The program is a copy of this one with set-id bits. */
static int
report(void)
{
    return write(STDOUT_FILENO, own_uid() == 0 ? "r" : "-", 1) != 1;
}

static int
be_companion(void *arg)
{
    char byte;
    return write(births[1], "c", 1) != 1 || read(stay[0], &byte, 1) != 0 || arg;
}

/* From when the program's file is in use nobody may write to it. */
static void *
start_companion(void *arg)
{
    static char stack[16384] __attribute__((aligned(16)));
    int fd;
    while ((fd = open("threads.su", O_WRONLY)) >= 0)
        close(fd);
    for (volatile intptr_t i = (intptr_t)arg; i > 0; i--)
        ;
    clone(be_companion, stack + sizeof(stack), CLONE_VM | CLONE_FS | SIGCHLD,
          NULL);
    return NULL;
}

static void
run_program(intptr_t delay)
{
    char *argv[ARGUMENTS + 1] = {(char *)"report"};
    pthread_t thread;
    for (int i = 1; i < ARGUMENTS; i++)
        argv[i] = argv[0];
    close(stay[1]);
    if (setgid(6) != 0 || setuid(5) != 0 ||
        dup2(reports[1], STDOUT_FILENO) != STDOUT_FILENO ||
        pthread_create(&thread, NULL, start_companion, (void *)delay) != 0)
        return;
    while (execv("threads.su", argv) == -1 && errno == ETXTBSY)
        ;
}

static void
try_companion(intptr_t delay)
{
    char right = '?', birth = '?';
    int status = -1;
    check_eq(pipe(reports) | pipe(births) | pipe(stay), 0);
    pid_t pid = fork();
    if (pid == 0) {
        run_program(delay);
        _exit(2);
    }
    close(reports[1]);
    close(births[1]);
    check_eq(read(reports[0], &right, 1), 1);
    close(stay[1]);
    ssize_t born = read(births[0], &birth, 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    tap_ok(right == '-' || born == 0, "has rights and a companion");
    close(reports[0]);
    close(births[0]);
    close(stay[0]);
}

static void
set_id_programs_have_no_companion(void)
{
    char data[4096];
    ssize_t n;
    int from = open("/proc/self/exe", O_RDONLY);
    int to = open("threads.su", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    while ((n = read(from, data, sizeof(data))) > 0)
        check_eq(write(to, data, (size_t)n), n);
    check_eq(close(from) | close(to), 0);
    check_eq(chmod("threads.su", 06777), 0);
    for (intptr_t i = 0; i < TRIES; i++)
        try_companion(i * 100);
    check_eq(unlink("threads.su"), 0);
}

static void
in_child(void (*body)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(wrong != 0);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
glibc_changes_all_threads(void)
{
    in_child(try_all);
}

static void
the_kernel_changes_one(void)
{
    in_child(try_one);
}

static void
changes_and_looks_do_not_meet(void)
{
    in_child(try_storm);
}

int
main(int argc, char *argv[])
{
    static const struct tap_case cases[] = {
        TAP_CASE(glibc_changes_all_threads),
        TAP_CASE(the_kernel_changes_one),
        TAP_CASE(changes_and_looks_do_not_meet),
        TAP_CASE(set_id_programs_have_no_companion),
    };
    if (argc > 1 && strcmp(argv[0], "report") == 0)
        return report();
    if (chdir("/tmp") != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
