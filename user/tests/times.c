/* Clocks, sleeping and signals. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

static void *volatile bad_pointer = (void *)8;

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t = {0};

    check_eq(clock_gettime(clock, &t), 0);
    check(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
monotonic_clock_goes_on(void)
{
    int64_t last = now_ns(CLOCK_MONOTONIC);

    for (int i = 0; i < 1000; i++) {
        int64_t next = now_ns(CLOCK_MONOTONIC);
        check(next >= last);
        last = next;
    }
}

static void
real_time_is_known(void)
{
    /* Not before this test was written. */
    check(now_ns(CLOCK_REALTIME) > 1700000000ll * 1000000000);
}

static void
clock_errors(void)
{
    struct timespec t;

    check_fails(EINVAL, clock_gettime(77, &t));
    check_fails(EFAULT, clock_gettime(CLOCK_REALTIME, bad_pointer));
    t = (struct timespec){.tv_nsec = 1000000000};
    check_fails(EINVAL, nanosleep(&t, NULL));
    t = (struct timespec){.tv_sec = -1};
    check_fails(EINVAL, nanosleep(&t, NULL));
    check_fails(EFAULT, nanosleep(bad_pointer, NULL));
}

static void
sleep_takes_its_time(void)
{
    int64_t from = now_ns(CLOCK_MONOTONIC), took;

    check_eq(usleep(20000), 0);
    took = now_ns(CLOCK_MONOTONIC) - from;
    check(took >= 20000000);
    check(took < 20000000000); /* nobody mistook the unit */
}

/* One after the other they would take 20 seconds, on any machine; it may be
 * slow to start them. */
static void
sleeps_run_side_by_side(void)
{
    int64_t from = now_ns(CLOCK_MONOTONIC);

    for (int i = 0; i < 40; i++)
        if (fork() == 0)
            _exit(usleep(500000) != 0);
    for (int i = 0; i < 40; i++)
        check(wait(NULL) > 0);
    check(now_ns(CLOCK_MONOTONIC) - from < 19000000000);
}

/* The child has a hart for itself: none of its time is counted by switching
 * to another thread. */
static void
time_of_a_lone_child_counts(void)
{
    /* A struct rusage: seconds and microseconds in user mode and in the kernel,
     * and more. */
    int64_t usage[18] = {0};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int64_t end = now_ns(CLOCK_MONOTONIC) + 200000000;
        while (now_ns(CLOCK_MONOTONIC) < end)
            ;
        _exit(now_ns(CLOCK_PROCESS_CPUTIME_ID) < 150000000);
    }
    check_eq(wait4(pid, &status, 0, (struct rusage *)usage), pid);
    check_eq(status, 0);
    check((usage[0] + usage[2]) * 1000000 + usage[1] + usage[3] > 150000);
}

static void
busy_child_can_be_killed(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            ;
    usleep(10000);
    check_eq(kill(pid, SIGTERM), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(WTERMSIG(status), SIGTERM);
}

static void
ignored_signals_do_nothing(void)
{
    check(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    check_eq(raise(SIGUSR1), 0);
    check(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    /* SIGCHLD does nothing by default. */
    check_eq(raise(SIGCHLD), 0);
}

static void
kill_errors(void)
{
    check_fails(ESRCH, kill(99999, 0));
    check_fails(EINVAL, kill(getpid(), 65));
    check_fails(EINVAL, kill(getpid(), -1));
    check_eq(kill(getpid(), 0), 0);
    check(signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL);
}

static void
system_facts(void)
{
    struct utsname names;
    struct sysinfo info;

    check_eq(uname(&names), 0);
    check(strcmp(names.machine, "riscv64") == 0);
    check_fails(EFAULT, uname(bad_pointer));
    check_eq(sysinfo(&info), 0);
    check(info.totalram > info.freeram && info.freeram > 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(monotonic_clock_goes_on),
        TAP_CASE(real_time_is_known),
        TAP_CASE(clock_errors),
        TAP_CASE(sleep_takes_its_time),
        TAP_CASE(sleeps_run_side_by_side),
        TAP_CASE(time_of_a_lone_child_counts),
        TAP_CASE(busy_child_can_be_killed),
        TAP_CASE(ignored_signals_do_nothing),
        TAP_CASE(kill_errors),
        TAP_CASE(system_facts),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
