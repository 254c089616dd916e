/* Users and threads: each thread has ids of its own, and glibc's calls change
 * those of all. */
#include "tap.h"
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS  6
#define CHANGERS 2

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
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(glibc_changes_all_threads),
        TAP_CASE(the_kernel_changes_one),
        TAP_CASE(changes_and_looks_do_not_meet),
    };
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
