/* futex, call by call: results, errors, who is woken; and lists of robust
 * locks, honest and not. */
#include "tap.h"
#include <linux/futex.h>
#include <pthread.h>
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

#define BAD     ((uint32_t *)8)
#define KERNEL  ((uint32_t *)0xffffffff80000000ul)
#define PRIVATE FUTEX_PRIVATE_FLAG
#define WAITERS 6

static const struct timespec moment = {0, 2000000};

static long
futex(void *at, int op, uint32_t value, const void *timeout, void *other,
      uint32_t last)
{
    return syscall(SYS_futex, at, op, value, timeout, other, last);
}

/* ---- Errors ---- */

static void
lies_are_refused(void)
{
    static uint32_t word = 5, other;
    struct timespec bad = {0, 1000000000}, negative = {-1, 0};

    check_fails(EAGAIN, futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0));
    check_fails(EINVAL, futex((char *)&word + 1, FUTEX_WAIT, 5, NULL, NULL, 0));
    check_fails(EINVAL, futex((char *)&word + 2, FUTEX_WAKE, 1, NULL, NULL, 0));
    check_fails(EFAULT, futex(BAD, FUTEX_WAIT, 5, NULL, NULL, 0));
    check_fails(EFAULT, futex(BAD, FUTEX_WAIT | PRIVATE, 5, NULL, NULL, 0));
    check_fails(EFAULT, futex(KERNEL, FUTEX_WAIT, 5, NULL, NULL, 0));
    check_fails(EFAULT, futex(KERNEL, FUTEX_WAKE, 1, NULL, NULL, 0));
    check_fails(EFAULT, futex(&word, FUTEX_WAIT, 5, BAD, NULL, 0));
    check_fails(EINVAL, futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0));
    check_fails(EINVAL, futex(&word, FUTEX_WAIT, 5, &negative, NULL, 0));
    check_fails(EINVAL, futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0));
    check_fails(EINVAL, futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    check_fails(ENOSYS, futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL,
                              NULL, 0));
    check_fails(ENOSYS, futex(&word, 99, 1, NULL, NULL, 0));
    check_fails(ENOSYS, futex(&word, FUTEX_LOCK_PI, 1, NULL, NULL, 0));
    check_fails(EINVAL, futex(&word, FUTEX_REQUEUE, (uint32_t)-1, (void *)1,
                              &other, 0));
    check_fails(EINVAL,
                futex(&word, FUTEX_REQUEUE, 1, (void *)-1ul, &other, 0));
    check_fails(EINVAL, futex(&word, FUTEX_REQUEUE, 1, (void *)1,
                              (char *)&other + 2, 0));
    check_fails(EAGAIN,
                futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 4));
    check_fails(EFAULT, futex(BAD, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 4));
    check_fails(EFAULT, futex(&word, FUTEX_WAKE_OP, 1, (void *)1, BAD, 0));
    check_fails(ENOSYS,
                futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, 7u << 28));
    check_fails(ENOSYS,
                futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, 7u << 24));
    check_eq(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    check_eq(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 5), 0);
}

static void
read_only_words(void)
{
    uint32_t *word =
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check_fails(EAGAIN, futex(word, FUTEX_WAIT | PRIVATE, 1, NULL, NULL, 0));
    check_fails(ETIMEDOUT,
                futex(word, FUTEX_WAIT | PRIVATE, 0, &moment, NULL, 0));
    check_fails(EFAULT, futex(word, FUTEX_WAKE_OP, 1, (void *)1, word, 0));
    munmap(word, 4096);
    check_fails(EFAULT, futex(word, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0));
}

/* ---- Time ---- */

static struct timespec
from_now(clockid_t clock, long ns)
{
    struct timespec time;

    clock_gettime(clock, &time);
    time.tv_nsec += ns;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static int
is_past(clockid_t clock, struct timespec then)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec > then.tv_sec ||
           (now.tv_sec == then.tv_sec && now.tv_nsec >= then.tv_nsec);
}

static void
deadlines(void)
{
    static uint32_t word;
    struct timespec end = from_now(CLOCK_MONOTONIC, moment.tv_nsec);

    check_fails(ETIMEDOUT, futex(&word, FUTEX_WAIT, 0, &moment, NULL, 0));
    check(is_past(CLOCK_MONOTONIC, end));
    end = from_now(CLOCK_MONOTONIC, moment.tv_nsec);
    check_fails(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET, 0, &end, NULL, ~0u));
    check(is_past(CLOCK_MONOTONIC, end));
    end = from_now(CLOCK_REALTIME, moment.tv_nsec);
    check_fails(ETIMEDOUT,
                futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &end,
                      NULL, ~0u));
    check(is_past(CLOCK_REALTIME, end));
    end = (struct timespec){0, 0}; /* long past */
    check_fails(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET, 0, &end, NULL, ~0u));
    check_fails(ETIMEDOUT,
                futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &end,
                      NULL, ~0u));
    check_fails(ETIMEDOUT, futex(&word, FUTEX_WAIT, 0, &end, NULL, 0));
}

/* ---- Who is woken ---- */

struct waiter {
    pthread_t thread;
    uint32_t *word, bits;
    int op;
    long result;
};

static struct waiter waiters[WAITERS];
static int woken;

static void *
wait_for_word(void *arg)
{
    struct waiter *w = arg;

    w->result = futex(w->word, w->op, 0, NULL, NULL, w->bits);
    __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* How many wait for the word: they are moved to it, as they are. */
static long
count_waiters(uint32_t *word, int flags)
{
    return futex(word, FUTEX_REQUEUE | flags, 0, (void *)0x7ffffffful, word, 0);
}

static void
start_waiters(uint32_t *word, int op, const uint32_t *bits)
{
    woken = 0;
    for (int i = 0; i < WAITERS; i++) {
        waiters[i].word = word;
        waiters[i].op = op;
        waiters[i].bits = bits ? bits[i] : ~0u;
        pthread_create(&waiters[i].thread, NULL, wait_for_word, &waiters[i]);
        /* One after the other, so that the order is known. */
        while (count_waiters(word, op & PRIVATE) != i + 1)
            sched_yield();
    }
}

static void
join_waiters(void)
{
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        check_eq(waiters[i].result, 0);
    }
}

static void
wait_until_woken(int n)
{
    while (__atomic_load_n(&woken, __ATOMIC_SEQ_CST) < n)
        sched_yield();
    check_eq(woken, n);
}

static void
waking_counts(void)
{
    static uint32_t word;

    for (int flags = 0; flags <= PRIVATE; flags += PRIVATE) {
        start_waiters(&word, FUTEX_WAIT | flags, NULL);
        check_eq(futex(&word, FUTEX_WAKE | (flags ^ PRIVATE), 0, NULL, NULL, 0),
                 1); /* private memory is one word either way; and at least 1 */
        wait_until_woken(1);
        check_eq(futex(&word, FUTEX_WAKE | flags, 2, NULL, NULL, 0), 2);
        wait_until_woken(3);
        check_eq(futex(&word, FUTEX_WAKE | flags, 100, NULL, NULL, 0), 3);
        join_waiters();
    }
}

static void
bits_select(void)
{
    static const uint32_t bits[WAITERS] = {1, 2, 3, 4, 8, 0xf0};
    static uint32_t word;

    start_waiters(&word, FUTEX_WAIT_BITSET | PRIVATE, bits);
    check_eq(futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 9, NULL, NULL, 0x100),
             0);
    check_eq(futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 9, NULL, NULL, 1), 2);
    wait_until_woken(2);
    check_eq(futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0x8e), 1);
    wait_until_woken(3);
    check_eq(futex(&word, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0), 3);
    join_waiters();
}

static void
moving(void)
{
    static uint32_t from, to;

    start_waiters(&from, FUTEX_WAIT | PRIVATE, NULL);
    check_fails(EAGAIN, futex(&from, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)9,
                              &to, 1));
    check_eq(futex(&from, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)2, &to, 0),
             3);
    wait_until_woken(1);
    check_eq(count_waiters(&from, PRIVATE), 3);
    check_eq(count_waiters(&to, PRIVATE), 2);
    check_eq(futex(&to, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
    wait_until_woken(2);
    check_eq(futex(&from, FUTEX_REQUEUE | PRIVATE, 0, (void *)9, &to, 0), 3);
    check_eq(futex(&from, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0), 0);
    check_eq(futex(&to, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0), 4);
    join_waiters();
}

/* A word that wait was moved away from is not looked at again. */
static void *
wait_briefly(void *word)
{
    struct timespec end = from_now(CLOCK_MONOTONIC, 20000000);

    check_fails(ETIMEDOUT,
                futex(word, FUTEX_WAIT_BITSET | PRIVATE, 0, &end, NULL, ~0u));
    return NULL;
}

static void
moved_waits_end_in_time(void)
{
    static uint32_t words[64];
    pthread_t thread;

    for (int i = 0; i < 10; i++) {
        pthread_create(&thread, NULL, wait_briefly, &words[0]);
        for (int at = 0; at < 63; at++)
            futex(&words[at], FUTEX_REQUEUE | PRIVATE, 0, (void *)9,
                  &words[at + 1], 0);
        pthread_join(thread, NULL);
        for (int at = 0; at < 64; at++)
            check_eq(count_waiters(&words[at], PRIVATE), 0);
    }
}

static void
wake_and_operate(void)
{
    static uint32_t first, second;
    static const struct {
        uint32_t op, operand, before, after;
    } ops[] = {
        {FUTEX_OP_SET, 7, 1, 7},
        {FUTEX_OP_ADD, 3, 4, 7},
        {FUTEX_OP_ADD, 0xfff, 4, 3}, /* -1 */
        {FUTEX_OP_OR, 6, 1, 7},
        {FUTEX_OP_ANDN, 2, 7, 5},
        {FUTEX_OP_XOR, 3, 6, 5},
        {FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 20, 0, 1u << 20},
    };
    static const struct {
        uint32_t cmp, with, value;
        long woken;
    } compares[] = {
        {FUTEX_OP_CMP_EQ, 3, 3, 1},     {FUTEX_OP_CMP_EQ, 3, 4, 0},
        {FUTEX_OP_CMP_NE, 3, 4, 1},     {FUTEX_OP_CMP_LT, 3, 2, 1},
        {FUTEX_OP_CMP_LT, 3, 3, 0},     {FUTEX_OP_CMP_LE, 3, 3, 1},
        {FUTEX_OP_CMP_GT, 0xfff, 0, 1}, {FUTEX_OP_CMP_GE, 1, (uint32_t)-5, 0},
    };

    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        second = ops[i].before;
        check_eq(futex(&first, FUTEX_WAKE_OP | PRIVATE, 1, (void *)1, &second,
                       ops[i].op << 28 | ops[i].operand << 12),
                 0);
        check_eq(second, ops[i].after);
    }
    for (size_t i = 0; i < sizeof(compares) / sizeof(compares[0]); i++) {
        struct waiter w = {
            .word = &second, .bits = ~0u, .op = FUTEX_WAIT | PRIVATE};
        second = 0;
        pthread_create(&w.thread, NULL, wait_for_word, &w);
        while (count_waiters(&second, PRIVATE) != 1)
            sched_yield();
        second = compares[i].value;
        check_eq(
            futex(&first, FUTEX_WAKE_OP | PRIVATE, 1, (void *)1, &second,
                  FUTEX_OP(FUTEX_OP_OR, 0, compares[i].cmp, compares[i].with)),
            compares[i].woken);
        futex(&second, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0);
        pthread_join(w.thread, NULL);
    }
}

/* ---- Processes ---- */

static void
shared_memory(void)
{
    uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t *again;
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(futex(word + 3, FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 7 : 8);
    again = mremap(word, 0, 4096, MREMAP_MAYMOVE); /* elsewhere, too */
    if (again == MAP_FAILED)
        again = word;
    while (count_waiters(again + 3, 0) != 1)
        sched_yield();
    check_eq(futex(word + 3, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0), 0);
    check_eq(futex(word + 2, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    check_eq(futex(again + 3, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 7 << 8);
    munmap(word, 4096);
}

static void
private_memory(void)
{
    static uint32_t word;
    int status = -1, fds[2];
    char c;
    pid_t pid;

    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        check_eq(write(fds[1], "x", 1), 1);
        _exit(futex(&word, FUTEX_WAIT, 0, &moment, NULL, 0) == -1 &&
                      errno == ETIMEDOUT
                  ? 7
                  : 8);
    }
    check_eq(read(fds[0], &c, 1), 1);
    check_eq(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 7 << 8);
    close(fds[0]);
    close(fds[1]);
}

/* ---- Signals ---- */

static uint32_t sleeping;
static volatile int handled;

static void
remember(int sig)
{
    handled = sig;
}

static long interrupted;

static void *
sleep_on(void *arg)
{
    long result = futex(&sleeping, FUTEX_WAIT | PRIVATE, 0, arg, NULL, 0);
    interrupted = result == 0 ? 0 : errno;
    return NULL;
}

static void
interrupt(int flags, const struct timespec *timeout, long expected)
{
    struct sigaction action = {.sa_flags = flags};
    pthread_t thread;

    handled = 0;
    action.sa_handler = remember;
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, sleep_on, (void *)timeout);
    while (count_waiters(&sleeping, PRIVATE) != 1)
        sched_yield();
    pthread_kill(thread, SIGUSR1);
    if (expected == 0) { /* it waits again, after the handler */
        while (!handled)
            sched_yield();
        while (futex(&sleeping, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0) != 1)
            sched_yield();
    }
    pthread_join(thread, NULL);
    check_eq(interrupted, expected);
}

static void
signals_interrupt(void)
{
    const struct timespec hour = {3600, 0};

    interrupt(0, NULL, EINTR);
    interrupt(SA_RESTART, NULL, 0);
    interrupt(SA_RESTART, &hour, EINTR);
}

/* ---- Robust locks ---- */

static pthread_mutex_t *robust;

static void
init_robust(int shared)
{
    pthread_mutexattr_t attr;

    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (shared)
        pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    check_eq(pthread_mutex_init(robust, &attr), 0);
}

static void *
take_and_leave(void *arg)
{
    check_eq(pthread_mutex_lock(robust), 0);
    return arg;
}

static void
owners_die(void)
{
    pthread_t thread;
    pid_t pid;

    init_robust(0);
    pthread_create(&thread, NULL, take_and_leave, NULL);
    pthread_join(thread, NULL);
    check_eq(pthread_mutex_lock(robust), EOWNERDEAD);
    check_eq(pthread_mutex_consistent(robust), 0);
    check_eq(pthread_mutex_unlock(robust), 0);
    check_eq(pthread_mutex_lock(robust), 0);
    check_eq(pthread_mutex_unlock(robust), 0);
    init_robust(1);
    pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(robust);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    check_eq(pthread_mutex_lock(robust), EOWNERDEAD);
    check_eq(pthread_mutex_unlock(robust), 0); /* and not made consistent */
    check_eq(pthread_mutex_lock(robust), ENOTRECOVERABLE);
}

/* One waits while the owner dies. */
static void *
wait_for_owner(void *arg)
{
    *(int *)arg = pthread_mutex_lock(robust);
    return NULL;
}

static void
waiters_are_told(void)
{
    const volatile uint32_t *word;
    pthread_t thread;
    int fds[2], result = -1;
    char c;
    pid_t pid;

    init_robust(1);
    word = (const volatile uint32_t *)robust;
    check_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(robust);
        check_eq(write(fds[1], "x", 1), 1);
        /* until somebody waits: the lock's word is the first or second */
        while (!((word[0] | word[1]) & FUTEX_WAITERS))
            sched_yield();
        _exit(0);
    }
    check_eq(read(fds[0], &c, 1), 1);
    pthread_create(&thread, NULL, wait_for_owner, &result);
    pthread_join(thread, NULL);
    check_eq(result, EOWNERDEAD);
    waitpid(pid, NULL, 0);
    close(fds[0]);
    close(fds[1]);
}

static struct robust_list_head hostile;
static struct robust_list loop[2];

static void *
leave_hostile_list(void *arg)
{
    syscall(SYS_set_robust_list, arg, sizeof(struct robust_list_head));
    syscall(SYS_exit, 0);
    return NULL;
}

static void
leave_with(struct robust_list_head *list)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        leave_hostile_list(list);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
hostile_lists(void)
{
    struct robust_list_head *list = NULL;
    size_t size = 0;

    check_eq(syscall(SYS_get_robust_list, 0, &list, &size), 0);
    check(list != NULL);
    check_eq(size, sizeof(*list));
    check_fails(ESRCH, syscall(SYS_get_robust_list, 31999, &list, &size));
    check_fails(EFAULT, syscall(SYS_get_robust_list, 0, BAD, &size));
    check_fails(EINVAL, syscall(SYS_set_robust_list, &hostile, 8));

    hostile.list.next = &loop[0];
    loop[0].next = &loop[1];
    loop[1].next = &loop[0];
    leave_with(&hostile); /* has no end */
    hostile.futex_offset = -8;
    leave_with(&hostile);
    hostile.futex_offset = 3;
    leave_with(&hostile);
    hostile.futex_offset = INT64_MAX;
    leave_with(&hostile);
    hostile.list.next = (void *)KERNEL;
    hostile.list_op_pending = (void *)KERNEL;
    leave_with(&hostile);
    hostile.list.next = (void *)-1ul;
    leave_with(&hostile);
    leave_with((void *)BAD);
    leave_with((void *)KERNEL);
    leave_with((void *)-8ul);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(lies_are_refused),
        TAP_CASE(read_only_words),
        TAP_CASE(deadlines),
        TAP_CASE(waking_counts),
        TAP_CASE(bits_select),
        TAP_CASE(moving),
        TAP_CASE(moved_waits_end_in_time),
        TAP_CASE(wake_and_operate),
        TAP_CASE(shared_memory),
        TAP_CASE(private_memory),
        TAP_CASE(signals_interrupt),
        TAP_CASE(owners_die),
        TAP_CASE(waiters_are_told),
        TAP_CASE(hostile_lists),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
