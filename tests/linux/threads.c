/* Threads as glibc makes them: what they share, what is their own, and what
 * they wait for each other with. */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY   200
#define FEW    8
#define ROUNDS 3000

typedef void *body(void *arg);

static void
start(pthread_t *threads, int count, body *run, void *arg)
{
    for (int i = 0; i < count; i++)
        check_eq(pthread_create(&threads[i], NULL, run, arg), 0);
}

static void
join(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        check_eq(pthread_join(threads[i], NULL), 0);
}

/* ---- Births and deaths ---- */

static void *
twice(void *arg)
{
    return (void *)((intptr_t)arg * 2);
}

static void
results_are_joined(void)
{
    pthread_t threads[MANY];
    void *result;

    for (intptr_t i = 0; i < MANY; i++)
        check_eq(pthread_create(&threads[i], NULL, twice, (void *)i), 0);
    for (intptr_t i = 0; i < MANY; i++) {
        check_eq(pthread_join(threads[i], &result), 0);
        check_eq((intptr_t)result, i * 2);
    }
}

static void
one_after_the_other(void)
{
    pthread_t thread;

    for (int i = 0; i < 1000; i++) {
        start(&thread, 1, twice, NULL);
        join(&thread, 1);
    }
}

static sem_t detached_ended;

static void *
post(void *arg)
{
    sem_post(&detached_ended);
    return arg;
}

static void
detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    sem_init(&detached_ended, 0, 0);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 50; i++)
        check_eq(pthread_create(&thread, &attr, post, NULL), 0);
    for (int i = 0; i < 50; i++)
        check_eq(sem_wait(&detached_ended), 0);
}

/* ---- Identity ---- */

static pthread_barrier_t barrier;
static pid_t tids[FEW];

static void *
tell_tid(void *arg)
{
    int *at = arg;
    pid_t tid = gettid();

    tids[__atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST)] = tid;
    check_eq(send_to_thread(getpid(), tid, 0), 0);
    check_eq(syscall(SYS_getpid), getpid());
    check_eq(kill(tid, 0), 0); /* any thread's number does */
    check_fails(ESRCH, send_to_thread(tid, tid, 0));
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void
numbers(void)
{
    pthread_t threads[FEW];
    int next = 0;

    check_eq(gettid(), getpid());
    pthread_barrier_init(&barrier, NULL, FEW);
    start(threads, FEW, tell_tid, &next);
    join(threads, FEW);
    for (int i = 0; i < FEW; i++) {
        check(tids[i] > 0 && tids[i] != getpid());
        for (int j = 0; j < i; j++)
            check(tids[i] != tids[j]);
    }
    pthread_barrier_destroy(&barrier);
    check_fails(EINVAL, send_to_thread(getpid(), 0, 0));
    check_fails(EINVAL, send_to_thread(-1, getpid(), 0));
    check_fails(EINVAL, syscall(SYS_tkill, 0, 0));
}

static __thread int own = 7;
static int common;

static void *
change(void *arg)
{
    check_eq(own, 7);
    own = (int)(intptr_t)arg;
    for (int i = 0; i < 100; i++) {
        sched_yield();
        check_eq(own, (intptr_t)arg);
    }
    __atomic_fetch_add(&common, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void
storage(void)
{
    pthread_t threads[FEW];

    for (intptr_t i = 0; i < FEW; i++)
        check_eq(pthread_create(&threads[i], NULL, change, (void *)i), 0);
    join(threads, FEW);
    check_eq(own, 7);
    check_eq(common, FEW);
}

/* ---- Floating point ---- */

static void *
sum_up(void *arg)
{
    volatile double sum = 0, step = (double)(intptr_t)arg;

    for (int i = 0; i < 20000; i++) {
        sum += step;
        if (i % 1000 == 0)
            sched_yield();
    }
    check(sum == 20000 * step);
    return NULL;
}

static void
floating_point(void)
{
    pthread_t threads[FEW];

    for (intptr_t i = 0; i < FEW; i++)
        check_eq(pthread_create(&threads[i], NULL, sum_up, (void *)i), 0);
    join(threads, FEW);
}

/* ---- Waiting for each other ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long counter, mirror;

static void *
count(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return arg;
}

static void
mutexes(void)
{
    pthread_t threads[FEW];

    counter = 0;
    start(threads, FEW, count, NULL);
    join(threads, FEW);
    check_eq(counter, FEW * ROUNDS);
}

/* A queue of one place. */
static long place = -1;

static void *
consume(void *sum)
{
    for (long got = 0; got >= 0;) {
        pthread_mutex_lock(&mutex);
        while (place == -1)
            pthread_cond_wait(&changed, &mutex);
        got = place == -2 ? -1 : place;
        if (got >= 0) {
            *(long *)sum += got;
            place = -1;
        }
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void
put(long value)
{
    pthread_mutex_lock(&mutex);
    while (place != -1)
        pthread_cond_wait(&changed, &mutex);
    place = value;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void
conditions(void)
{
    pthread_t threads[4];
    long sum = 0;

    start(threads, 4, consume, &sum);
    for (long i = 0; i < 1000; i++)
        put(i);
    put(-2);
    join(threads, 4);
    check_eq(sum, 999 * 1000 / 2);
}

static void *
meet(void *arg)
{
    long *arrived = arg;

    for (int round = 1; round <= 100; round++) {
        __atomic_fetch_add(arrived, 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&barrier);
        check_eq(__atomic_load_n(arrived, __ATOMIC_SEQ_CST), round * FEW);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void
barriers(void)
{
    pthread_t threads[FEW];
    long arrived = 0;

    pthread_barrier_init(&barrier, NULL, FEW);
    start(threads, FEW, meet, &arrived);
    join(threads, FEW);
    pthread_barrier_destroy(&barrier);
}

static void *
read_both(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_rwlock_rdlock(&rwlock);
        check_eq(counter, mirror);
        pthread_rwlock_unlock(&rwlock);
    }
    return arg;
}

static void *
write_both(void *arg)
{
    for (int i = 0; i < ROUNDS / 10; i++) {
        pthread_rwlock_wrlock(&rwlock);
        counter++;
        sched_yield();
        mirror++;
        pthread_rwlock_unlock(&rwlock);
    }
    return arg;
}

static void
read_write_locks(void)
{
    pthread_t readers[FEW], writers[2];

    counter = mirror = 0;
    start(readers, FEW, read_both, NULL);
    start(writers, 2, write_both, NULL);
    join(readers, FEW);
    join(writers, 2);
    check_eq(counter, 2 * (ROUNDS / 10));
}

static void
timed_waits_end(void)
{
    struct timespec soon;

    pthread_mutex_lock(&mutex);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 5000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_nsec -= 1000000000;
        soon.tv_sec++;
    }
    int error;
    do
        error = pthread_cond_timedwait(&changed, &mutex, &soon);
    while (error == 0);
    check_eq(error, ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

/* ---- Files ---- */

static int pipe_fds[2];

static void *
read_pipe(void *arg)
{
    char c;
    check_eq(read(pipe_fds[0], &c, 1), 1);
    check_eq(c, 'x');
    return arg;
}

static void
closed_while_reading(void)
{
    pthread_t thread;
    struct timespec moment = {0, 1000000};
    int keep;

    for (int i = 0; i < 50; i++) {
        check_eq(pipe(pipe_fds), 0);
        keep = fcntl(pipe_fds[0], F_DUPFD, 100);
        start(&thread, 1, read_pipe, NULL);
        if (i % 2)
            nanosleep(&moment, NULL);
        else
            sched_yield();
        /* It may not have come to read yet: then another file is there. */
        check_eq(dup2(keep, pipe_fds[0]), pipe_fds[0]);
        close(keep);
        check_eq(write(pipe_fds[1], "x", 1), 1);
        join(&thread, 1);
        close(pipe_fds[0]);
        close(pipe_fds[1]);
    }
}

static void *
open_and_close(void *arg)
{
    char c;

    for (int i = 0; i < tap_part(300); i++) {
        int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        check(fd > 2);
        check_eq(read(fd, &c, 1), 1);
        check_eq(close(fd), 0);
    }
    return arg;
}

/* Closes what may be anybody's. */
static void *
disturb(void *arg)
{
    for (int i = 0; i < tap_part(2000); i++)
        close(500 + i % 8);
    return arg;
}

static void *
use_disturbed(void *arg)
{
    int zeros = open("/dev/zero", O_RDONLY); /* a read of what never waits */
    char c;

    for (int i = 0; i < tap_part(300); i++) {
        int fd = fcntl(zeros, F_DUPFD, 500);
        if (fd < 0)
            continue;
        check(read(fd, &c, 0) == 0 || errno == EBADF);
        int file = open("/linux/threads", O_RDONLY);
        if (dup2(file, 500 + i % 8) >= 0)
            check(read(500 + i % 8, &c, 1) == 1 || errno == EBADF ||
                  errno == EISDIR);
        close(file);
    }
    close(zeros);
    return arg;
}

static void
one_table(void)
{
    pthread_t threads[FEW], others[2];
    int fd;

    start(threads, FEW, open_and_close, NULL);
    join(threads, FEW);
    fd = open("/proc/self/stat", O_RDONLY);
    check_eq(fd, 3); /* nothing was left open */
    close(fd);
    start(threads, 4, use_disturbed, NULL);
    start(others, 2, disturb, NULL);
    join(threads, 4);
    join(others, 2);
}

static void *
go_down(void *arg)
{
    check_eq(chdir("/proc"), 0);
    umask(027);
    return arg;
}

static void
one_directory(void)
{
    pthread_t thread;
    char path[64];

    check_eq(chdir("/"), 0);
    start(&thread, 1, go_down, NULL);
    join(&thread, 1);
    check(getcwd(path, sizeof(path)) && strcmp(path, "/proc") == 0);
    check_eq(umask(022), 027);
    check_eq(chdir("/"), 0);
}

/* ---- Processes ---- */

static void *
fork_and_wait(void *arg)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(gettid() == getpid() ? 5 : 6);
    check(pid > 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 5 << 8);
    return arg;
}

static void
forks_of_threads(void)
{
    pthread_t threads[FEW];
    int status;

    for (int round = 0; round < 5; round++) {
        start(threads, FEW, fork_and_wait, NULL);
        join(threads, FEW);
    }
    check_fails(ECHILD, wait(&status));
}

/* Field n of /proc/self/stat, behind the name. */
static long
stat_field(int n)
{
    char text[512] = "", *at;
    int fd = open("/proc/self/stat", O_RDONLY);

    check(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    at = strrchr(text, ')');
    for (int i = 2; at && i < n; i++)
        at = strchr(at + 1, ' ');
    return at ? strtol(at, NULL, 10) : -1;
}

static void *
stay(void *arg)
{
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return arg;
}

static void
numbers_in_proc(void)
{
    pthread_t threads[FEW];

    while (stat_field(20) > 1) /* joined, but still on their way out */
        sched_yield();
    pthread_barrier_init(&barrier, NULL, FEW + 1);
    start(threads, FEW, stay, NULL);
    pthread_barrier_wait(&barrier);
    check_eq(stat_field(20), FEW + 1);
    pthread_barrier_wait(&barrier);
    join(threads, FEW);
    pthread_barrier_destroy(&barrier);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(results_are_joined),
        TAP_CASE(one_after_the_other),
        TAP_CASE(detached),
        TAP_CASE(numbers),
        TAP_CASE(storage),
        TAP_CASE(floating_point),
        TAP_CASE(mutexes),
        TAP_CASE(conditions),
        TAP_CASE(barriers),
        TAP_CASE(read_write_locks),
        TAP_CASE(timed_waits_end),
        TAP_CASE(closed_while_reading),
        TAP_CASE(one_table),
        TAP_CASE(one_directory),
        TAP_CASE(forks_of_threads),
        TAP_CASE(numbers_in_proc),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
