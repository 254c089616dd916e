/* Signals among several threads: who gets one, who stops, whose call ends. */
#include "tap.h"
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

static atomic_int count, by_tid, ready;
static sem_t go, done;

static int
gettid_(void)
{
    return (int)syscall(SYS_gettid);
}

static void
note(int sig)
{
    (void)sig;
    by_tid = gettid_();
    count++;
}

static void
set_action(int sig, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};

    check_eq(sigaction(sig, &action, NULL), 0);
    count = by_tid = ready = 0;
}

static void
mask(int how, int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    pthread_sigmask(how, &set, NULL);
}

static void *
wait_unblocked(void *arg)
{
    mask(SIG_UNBLOCK, SIGUSR1);
    *(int *)arg = gettid_();
    sem_post(&done);
    while (sem_wait(&go) != 0)
        ;
    return NULL;
}

/* Of all threads only one lets the process's signal in. */
static void
the_one_who_lets_it_in_gets_it(void)
{
    pthread_t thread;
    int tid = 0;

    set_action(SIGUSR1, 0);
    mask(SIG_BLOCK, SIGUSR1);
    pthread_create(&thread, NULL, wait_unblocked, &tid);
    sem_wait(&done);
    for (int i = 1; i <= 20; i++) {
        check_eq(kill(getpid(), SIGUSR1), 0);
        while (count < i)
            sched_yield();
        check_eq(by_tid, tid);
    }
    sem_post(&go);
    pthread_join(thread, NULL);
    mask(SIG_UNBLOCK, SIGUSR1);
}

static void
pthread_kill_is_for_one(void)
{
    pthread_t threads[THREADS];
    int tids[THREADS];

    set_action(SIGUSR1, SA_RESTART);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, wait_unblocked, &tids[i]);
    for (int i = 0; i < THREADS; i++)
        sem_wait(&done);
    for (int i = 0; i < 5 * THREADS; i++) {
        check_eq(pthread_kill(threads[i % THREADS], SIGUSR1), 0);
        while (count <= i)
            sched_yield();
        check_eq(by_tid, tids[i % THREADS]);
    }
    for (int i = 0; i < THREADS; i++)
        sem_post(&go);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void *
take_signals(void *arg)
{
    sigset_t *set = arg;
    int sig = 0, sum = 0;

    do {
        sigwait(set, &sig);
        sum += sig == SIGUSR1;
        if (sig == SIGUSR1)
            sem_post(&done);
    } while (sig != SIGUSR2);
    return (void *)(long)sum;
}

/* One thread takes what all block. */
static void
a_thread_for_signals(void)
{
    pthread_t thread;
    sigset_t set;
    void *sum;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, take_signals, &set);
    for (int i = 0; i < 50; i++) {
        kill(getpid(), SIGUSR1);
        sem_wait(&done);
    }
    kill(getpid(), SIGUSR2);
    pthread_join(thread, &sum);
    check_eq((long)sum, 50);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void *
wait_once(void *arg)
{
    sem_post(&done);
    *(int *)arg = sem_wait(&go) == 0 ? 0 : errno;
    return NULL;
}

/* A handler ends the semaphore's wait of the thread that it runs in. */
static void
a_futex_wait_ends(void)
{
    pthread_t one, other;
    int first = -1, second = -1;

    set_action(SIGUSR1, 0);
    pthread_create(&one, NULL, wait_once, &first);
    pthread_create(&other, NULL, wait_once, &second);
    sem_wait(&done);
    sem_wait(&done);
    while (count == 0 || pthread_tryjoin_np(one, NULL) != 0) {
        pthread_kill(one, SIGUSR1);
        usleep(2000);
    }
    check_eq(first, EINTR);
    sem_post(&go);
    pthread_join(other, NULL);
    check_eq(second, 0);
}

static __thread sigjmp_buf out;
static __thread int faults;

static void
leave(int sig)
{
    faults++;
    siglongjmp(out, sig);
}

static void *
fault_often(void *arg)
{
    stack_t stack = {.ss_sp = arg, .ss_size = 16384};
    char *volatile nowhere = (char *)16;

    sigaltstack(&stack, NULL);
    for (volatile int i = 0; i < 200; i++)
        if (sigsetjmp(out, 1) == 0)
            *nowhere = 1;
    return (void *)(long)faults;
}

/* Each thread handles its own faults, on its own stack. */
static void
faults_stay_with_their_thread(void)
{
    static char stacks[THREADS][16384] __attribute__((aligned(16)));
    struct sigaction action = {.sa_handler = leave, .sa_flags = SA_ONSTACK};
    pthread_t threads[THREADS];

    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, fault_often, stacks[i]);
    for (int i = 0; i < THREADS; i++) {
        void *n;
        pthread_join(threads[i], &n);
        check_eq((long)n, 200);
    }
    signal(SIGSEGV, SIG_DFL);
}

static void *
spin(void *arg)
{
    atomic_long *n = arg;

    for (;;)
        (*n)++;
    return NULL;
}

/* In a child: says on the pipe how far its threads have come, again and again
 * when asked. */
static void
all_threads_stop(void)
{
    static atomic_long counters[2];
    int status, ask[2], answer[2];
    long before[2], after[2];
    char byte = 0;
    pid_t pid;

    check_eq(pipe(ask), 0);
    check_eq(pipe(answer), 0);
    pid = fork();
    if (pid == 0) {
        pthread_t thread;
        for (int i = 0; i < 2; i++)
            pthread_create(&thread, NULL, spin, &counters[i]);
        while (read(ask[0], &byte, 1) == 1) {
            long now[2] = {counters[0], counters[1]};
            if (write(answer[1], now, sizeof(now)) != sizeof(now))
                _exit(1);
        }
    }
    for (int i = 0; i < 5; i++) {
        check_eq(write(ask[1], "", 1), 1);
        check_eq(read(answer[0], before, sizeof(before)), sizeof(before));
        check_eq(kill(pid, SIGSTOP), 0);
        check_eq(waitpid(pid, &status, WUNTRACED), pid);
        check_eq(status, SIGSTOP << 8 | 0x7f);
        check_eq(write(ask[1], "", 1), 1);
        usleep(3000); /* nobody is there to answer */
        check_eq(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
        check_eq(kill(pid, SIGCONT), 0);
        check_eq(waitpid(pid, &status, WCONTINUED), pid);
        check_eq(read(answer[0], after, sizeof(after)), sizeof(after));
        check(after[0] >= before[0] && after[1] >= before[1]);
    }
    kill(pid, SIGTERM);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, SIGTERM);
    for (int i = 0; i < 2; i++) {
        close(ask[i]);
        close(answer[i]);
    }
}

static void
tell(union sigval value)
{
    *(volatile int *)value.sival_ptr = 1;
    sem_post(&done);
}

/* C libraries make this of a thread and SIGEV_THREAD_ID. */
static void
timers_start_threads(void)
{
    volatile int told = 0;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = tell,
                             .sigev_value.sival_ptr = (void *)&told};
    struct itimerspec soon = {.it_value.tv_nsec = 2000000};
    timer_t timer;

    check_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    check_eq(timer_settime(timer, 0, &soon, NULL), 0);
    while (sem_wait(&done) != 0)
        ;
    check_eq(told, 1);
    check_eq(timer_delete(timer), 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(the_one_who_lets_it_in_gets_it),
        TAP_CASE(pthread_kill_is_for_one),
        TAP_CASE(a_thread_for_signals),
        TAP_CASE(a_futex_wait_ends),
        TAP_CASE(faults_stay_with_their_thread),
        TAP_CASE(all_threads_stop),
        TAP_CASE(timers_start_threads),
    };

    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
