/* Ends: of one thread, of all; by exit, exec and signals; and stops. */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FEW 6

typedef void *body(void *arg);

static char *self_path;

/* Forks a child that runs `run`; returns how it ended. */
static int
in_child(void (*run)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        run();
        _exit(99);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void
start(body *run, void *arg)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, arg) != 0)
        _exit(98);
}

/* ---- All at once ---- */

static int empty_pipe[2];
static uint32_t word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *
read_for_ever(void *arg)
{
    char c;
    read(empty_pipe[0], &c, 1);
    return arg;
}

static void *
sleep_for_ever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void *
wait_for_ever(void *arg)
{
    syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0);
    return arg;
}

static void *
lock_for_ever(void *arg)
{
    pthread_mutex_lock(&mutex);
    return arg;
}

static void *
spin_for_ever(void *arg)
{
    for (volatile int on = 1; on;)
        ;
    return arg;
}

static void *
call_for_ever(void *arg)
{
    for (;;)
        getppid();
    return arg;
}

/* In every kind of call, and in none. */
static void
start_all_kinds(void)
{
    static body *const kinds[FEW] = {read_for_ever, sleep_for_ever,
                                     wait_for_ever, lock_for_ever,
                                     spin_for_ever, call_for_ever};

    if (pipe(empty_pipe) != 0)
        _exit(97);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < FEW; i++)
        start(kinds[i], NULL);
}

static void
exit_with_threads(void)
{
    start_all_kinds();
    exit(7);
}

static void *
exit_8(void *arg)
{
    _exit(8);
    return arg;
}

static void
exit_from_another(void)
{
    start_all_kinds();
    start(exit_8, NULL);
    sleep_for_ever(NULL);
}

/* All of them want to be the one that ends it. */
static void
exit_from_many(void)
{
    for (int i = 0; i < 20; i++)
        start(exit_8, NULL);
    sleep_for_ever(NULL);
}

static void *
touch_nothing(void *arg)
{
    *(volatile int *)arg = 1;
    return arg;
}

static void
crash_of_one(void)
{
    start_all_kinds();
    start(touch_nothing, NULL);
    sleep_for_ever(NULL);
}

static void
kill_self(void)
{
    start_all_kinds();
    kill(getpid(), SIGKILL);
    sleep_for_ever(NULL);
}

static void *
terminate_one(void *arg)
{
    send_to_thread(getpid(), gettid(), SIGTERM);
    return arg;
}

static void
terminated_by_one(void)
{
    start_all_kinds();
    start(terminate_one, NULL);
    sleep_for_ever(NULL);
}

static void
everybody_ends(void)
{
    for (int i = 0; i < 10; i++) {
        check_eq(in_child(exit_with_threads), 7 << 8);
        check_eq(in_child(exit_from_another), 8 << 8);
        check_eq(in_child(exit_from_many), 8 << 8);
        check_eq(in_child(crash_of_one) & 0x7f, SIGSEGV);
        check_eq(in_child(kill_self), SIGKILL);
        check_eq(in_child(terminated_by_one), SIGTERM);
    }
}

/* ---- One after the other ---- */

static int turn[2];

static void *
outlive(void *arg)
{
    char c;

    read(turn[0], &c, 1);
    syscall(SYS_exit, 5);
    return arg;
}

static void
first_thread_leaves(void)
{
    start(outlive, NULL);
    syscall(SYS_exit, 3);
}

static void
the_last_ends_it(void)
{
    char state[64] = "", path[32];
    int status = -1, fd;
    pid_t pid;

    check_eq(pipe(turn), 0);
    pid = fork();
    if (pid == 0)
        first_thread_leaves();
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    do { /* until one thread is left */
        fd = open(path, O_RDONLY);
        memset(state, 0, sizeof(state));
        check(read(fd, state, sizeof(state) - 1) > 0);
        close(fd);
        check_eq(waitpid(pid, &status, WNOHANG), 0);
    } while (!strstr(state, ") S"));
    check_eq(kill(pid, 0), 0);
    check_eq(waitpid(pid, &status, WNOHANG), 0);
    check_eq(write(turn[1], "x", 1), 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 3 << 8); /* the first's word counts */
    close(turn[0]);
    close(turn[1]);
}

static pthread_t first;

/* Not before the first thread has left: exit takes away what the C library
 * unwinds its stack by. */
static void *
end_process(void *arg)
{
    pthread_join(first, NULL);
    exit(0);
    return arg;
}

static void
pthread_exit_first(void)
{
    first = pthread_self();
    start(end_process, NULL);
    pthread_exit(NULL);
}

static void
main_may_leave(void)
{
    for (int i = 0; i < 20; i++)
        check_eq(in_child(pthread_exit_first), 0);
}

/* ---- exec ---- */

static void
run_self(const char *what)
{
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", getpid());
    execl(self_path, self_path, what, pid, NULL);
    _exit(96);
}

static void *
exec_here(void *arg)
{
    run_self("alone");
    return arg;
}

static void
exec_from_thread(void)
{
    start_all_kinds();
    start(exec_here, NULL);
    sleep_for_ever(NULL);
}

static void
exec_from_first(void)
{
    start_all_kinds();
    run_self("alone");
}

static void
exec_from_many(void)
{
    for (int i = 0; i < FEW; i++)
        start(exec_here, NULL);
    sleep_for_ever(NULL);
}

static void
exec_after_first(void)
{
    start(exec_here, NULL);
    syscall(SYS_exit, 3);
}

static void *
exec_nothing(void *arg)
{
    execl("/nothing", "nothing", NULL);
    if (errno == ENOENT)
        _exit(42);
    return arg;
}

static void
exec_fails(void)
{
    start_all_kinds();
    start(exec_nothing, NULL);
    sleep_for_ever(NULL);
}

static void *
exit_soon(void *arg)
{
    sched_yield();
    _exit(43);
    return arg;
}

static void
exec_against_exit(void)
{
    start(exec_here, NULL);
    start(exit_soon, NULL);
    sleep_for_ever(NULL);
}

static void
programs_start_alone(void)
{
    int status;

    for (int i = 0; i < 10; i++) {
        check_eq(in_child(exec_from_thread), 44 << 8);
        check_eq(in_child(exec_from_first), 44 << 8);
        check_eq(in_child(exec_from_many), 44 << 8);
        check_eq(in_child(exec_after_first), 44 << 8);
        check_eq(in_child(exec_fails), 42 << 8);
        status = in_child(exec_against_exit);
        check(status == 43 << 8 || status == 44 << 8);
    }
}

/* What such a program finds. */
static int
is_alone(const char *pid)
{
    char text[512] = "", *at;
    int fd = open("/proc/self/stat", O_RDONLY);

    if (read(fd, text, sizeof(text) - 1) <= 0)
        return 50;
    at = strrchr(text, ')');
    for (int i = 2; at && i < 20; i++)
        at = strchr(at + 1, ' ');
    if (!at || atoi(at) != 1)
        return 51;
    if (getpid() != atoi(pid) || gettid() != getpid())
        return 52;
    return send_to_thread(getpid(), getpid(), 0) == 0 ? 44 : 53;
}

/* ---- Stops ---- */

static volatile unsigned *counts;

static void *
count_on(void *arg)
{
    volatile unsigned *at = arg;
    for (;;)
        ++*at;
    return NULL;
}

static void
count_in_threads(void)
{
    for (int i = 1; i < 4; i++)
        start(count_on, (void *)&counts[i]);
    start(sleep_for_ever, NULL);
    count_on((void *)&counts[0]);
}

static void
until_all_count(void)
{
    unsigned before[4];

    for (int i = 0; i < 4; i++)
        before[i] = counts[i];
    for (int i = 0; i < 4; i++)
        while (counts[i] == before[i])
            sched_yield();
}

static void
all_stop_and_go_on(void)
{
    struct timespec moment = {0, 3000000};
    unsigned before[4];
    int status = -1;
    pid_t pid;

    counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid = fork();
    if (pid == 0)
        count_in_threads();
    for (int round = 0; round < 5; round++) {
        until_all_count();
        check_eq(kill(pid, SIGSTOP), 0);
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        check_eq(status, SIGSTOP << 8 | 0x7f);
        for (int i = 0; i < 4; i++)
            before[i] = counts[i];
        nanosleep(&moment, NULL);
        for (int i = 0; i < 4; i++)
            check_eq(counts[i], before[i]);
        check_eq(kill(pid, SIGCONT), 0);
        check_eq(waitpid(pid, &status, WCONTINUED), pid);
        check_eq(status, 0xffff);
    }
    until_all_count();
    check_eq(kill(pid, SIGSTOP), 0);
    check_eq(waitpid(pid, &status, WUNTRACED), pid);
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGKILL);
}

/* ---- Signals to threads ---- */

static volatile pid_t handled_by;

static void
note_thread(int sig)
{
    (void)sig;
    handled_by = gettid();
}

static volatile pid_t tids[FEW];

static void *
tell_and_wait(void *arg)
{
    *(volatile pid_t *)arg = gettid();
    for (;;)
        pause();
    return NULL;
}

static void
handlers_run_where_sent(void)
{
    pthread_t threads[FEW];
    struct sigaction action = {.sa_handler = note_thread};

    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < FEW; i++)
        pthread_create(&threads[i], NULL, tell_and_wait, (void *)&tids[i]);
    for (int i = 0; i < FEW; i++) {
        while (tids[i] == 0)
            sched_yield();
        handled_by = 0;
        check_eq(send_to_thread(getpid(), tids[i], SIGUSR1), 0);
        while (handled_by == 0)
            sched_yield();
        check_eq(handled_by, tids[i]);
    }
    for (int i = 0; i < FEW; i++) {
        void *result;

        check_eq(pthread_cancel(threads[i]), 0);
        check_eq(pthread_join(threads[i], &result), 0);
        check(result == PTHREAD_CANCELED);
    }
    check_fails(ESRCH, send_to_thread(getpid(), tids[0], 0));
}

static int cleaned;

static void
clean(void *arg)
{
    *(int *)arg = 1;
}

static void *
be_cancelled(void *arg)
{
    char c;

    pthread_cleanup_push(clean, arg);
    read(empty_pipe[0], &c, 1);
    pthread_cleanup_pop(0);
    return NULL;
}

static void
cancelled_in_calls(void)
{
    pthread_t thread;
    void *result;

    check_eq(pipe(empty_pipe), 0);
    for (int i = 0; i < 50; i++) {
        cleaned = 0;
        pthread_create(&thread, NULL, be_cancelled, &cleaned);
        if (i % 2)
            sched_yield();
        pthread_cancel(thread);
        check_eq(pthread_join(thread, &result), 0);
        check(result == PTHREAD_CANCELED);
    }
    close(empty_pipe[0]);
    close(empty_pipe[1]);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(everybody_ends),     TAP_CASE(the_last_ends_it),
        TAP_CASE(main_may_leave),     TAP_CASE(programs_start_alone),
        TAP_CASE(all_stop_and_go_on), TAP_CASE(handlers_run_where_sent),
        TAP_CASE(cancelled_in_calls),
    };

    if (argc == 3)
        return is_alone(argv[2]);
    self_path = argv[0];
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
