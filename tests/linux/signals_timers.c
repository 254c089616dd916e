/* Timers that send signals: alarm, setitimer, timer_create. */
#include "tap.h"
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ll

#ifndef sigev_notify_thread_id /* a name that older C libraries keep back */
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int count;
static volatile siginfo_t last;

static void
note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    count++;
    last = *info;
}

static void
set_action(int sig)
{
    struct sigaction action = {.sa_sigaction = note,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    check_eq(sigaction(sig, &action, NULL), 0);
    count = 0;
}

static int64_t
now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void
wait_for(int n)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &all, NULL);
    while (count < n)
        sigsuspend(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
alarm_rings_once(void)
{
    int64_t from = now_ns(CLOCK_MONOTONIC);

    set_action(SIGALRM);
    check_eq(alarm(100), 0);
    check_eq(alarm(1), 100);
    wait_for(1);
    check(now_ns(CLOCK_MONOTONIC) - from >= 1000 * MS);
    check_eq(last.si_code, SI_KERNEL);
    check_eq(alarm(0), 0);
    check_eq(alarm(50), 0);
    check_eq(alarm(0), 50);
}

static void
an_interval_goes_on(void)
{
    struct itimerval set = {{0, 3000}, {0, 5000}}, old;
    int64_t from = now_ns(CLOCK_MONOTONIC);

    set_action(SIGALRM);
    check_eq(setitimer(ITIMER_REAL, &set, &old), 0);
    check_eq(old.it_value.tv_sec + old.it_value.tv_usec, 0);
    wait_for(5);
    check(now_ns(CLOCK_MONOTONIC) - from >= 17 * MS);
    check_eq(getitimer(ITIMER_REAL, &old), 0);
    check_eq(old.it_interval.tv_usec, 3000);
    check(old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0 &&
          old.it_value.tv_usec <= 3000);
    memset(&set, 0, sizeof(set));
    check_eq(setitimer(ITIMER_REAL, &set, NULL), 0);
    check_eq(getitimer(ITIMER_REAL, &old), 0);
    check_eq(old.it_value.tv_usec, 0);
}

static void
cpu_time_counts_when_it_is_used(void)
{
    struct itimerval set = {.it_value = {0, 20000}};
    int64_t from = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    volatile int work = 0;

    set_action(SIGPROF);
    check_eq(setitimer(ITIMER_PROF, &set, NULL), 0);
    usleep(40000);
    check_eq(count, 0);
    while (count == 0)
        work++;
    check(now_ns(CLOCK_PROCESS_CPUTIME_ID) - from >= 15 * MS);
    set_action(SIGVTALRM);
    check_eq(setitimer(ITIMER_VIRTUAL, &set, NULL), 0);
    while (count == 0)
        work++;
    check_eq(last.si_signo, SIGVTALRM);
}

static timer_t
create(int notify, int sig, int value)
{
    struct sigevent event = {.sigev_notify = notify,
                             .sigev_signo = sig,
                             .sigev_value.sival_int = value};
    timer_t timer = NULL;

    check_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    return timer;
}

static void
set_timer(timer_t timer, int64_t value, int64_t interval)
{
    struct itimerspec set = {
        .it_value = {value / 1000000000, value % 1000000000},
        .it_interval = {interval / 1000000000, interval % 1000000000}};

    check_eq(timer_settime(timer, 0, &set, NULL), 0);
}

static void
created_timers_carry_a_value(void)
{
    struct itimerspec set;
    timer_t timer;

    set_action(40);
    timer = create(SIGEV_SIGNAL, 40, 4711);
    check_eq(timer_gettime(timer, &set), 0);
    check_eq(set.it_value.tv_sec + set.it_value.tv_nsec, 0);
    set_timer(timer, 60000 * MS, 7 * MS);
    check_eq(timer_gettime(timer, &set), 0);
    check(set.it_value.tv_sec == 59 || set.it_value.tv_sec == 60);
    check_eq(set.it_interval.tv_nsec, 7 * MS);
    set_timer(timer, 2 * MS, 0);
    wait_for(1);
    check_eq(last.si_signo, 40);
    check_eq(last.si_code, SI_TIMER);
    check_eq(last.si_value.sival_int, 4711);
    check_eq(last.si_overrun, 0);
    check_eq(timer_delete(timer), 0);
    check_fails(EINVAL, syscall(SYS_timer_delete, 0));
    check_fails(EINVAL, syscall(SYS_timer_gettime, 0, &set));
}

static void
a_timer_runs_over(void)
{
    sigset_t set, none;
    timer_t timer;
    int64_t from;

    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, NULL);
    set_action(40);
    timer = create(SIGEV_SIGNAL, 40, 1);
    from = now_ns(CLOCK_MONOTONIC);
    set_timer(timer, 1 * MS, 1 * MS);
    usleep(20000);
    sigsuspend(&none);
    set_timer(timer, 0, 0);
    check_eq(last.si_code, SI_TIMER);
    check(last.si_overrun >= 18);
    check(last.si_overrun <= (now_ns(CLOCK_MONOTONIC) - from) / MS);
    check_eq(timer_getoverrun(timer), last.si_overrun);
    check_eq(timer_delete(timer), 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* One that wants more than can be: the machine lives on. */
static void
a_timer_that_is_too_fast(void)
{
    timer_t timer;

    set_action(40);
    timer = create(SIGEV_SIGNAL, 40, 1);
    set_timer(timer, 1, 1);
    wait_for(10);
    check(last.si_overrun > 0);
    check_eq(timer_delete(timer), 0);
    signal(40, SIG_IGN);
    timer = create(SIGEV_SIGNAL, 40, 1);
    set_timer(timer, 1, 1);
    usleep(10000);
    set_action(40); /* and it still runs */
    wait_for(2);
    check_eq(timer_delete(timer), 0);
}

static void
a_timer_without_a_signal(void)
{
    struct itimerspec set;
    timer_t timer = create(SIGEV_NONE, 0, 0);

    set_timer(timer, 1 * MS, 0);
    do
        check_eq(timer_gettime(timer, &set), 0);
    while (set.it_value.tv_nsec != 0);
    check_eq(timer_delete(timer), 0);
}

static void
a_timer_of_one_thread(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = SIGUSR1};
    timer_t timer;

    set_action(SIGUSR1);
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    check_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    set_timer(timer, 1 * MS, 0);
    wait_for(1);
    check_eq(last.si_code, SI_TIMER);
    check_eq(timer_delete(timer), 0);
}

/* Whoever pretends to be a timer does not set it. */
static void
a_word_is_not_a_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGUSR1};
    siginfo_t info = {.si_code = SI_TIMER};
    timer_t timer;

    set_action(SIGUSR1);
    check_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    set_timer(timer, 1000000 * MS, 1 * MS);
    info.si_timerid = (int)(intptr_t)timer;
    info.si_overrun = 77;
    check_eq(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info), 0);
    wait_for(1);
    check_eq(last.si_code, SI_TIMER);
    check_eq(last.si_overrun, 77);
    check_eq(timer_getoverrun(timer), 0);
    check_eq(timer_delete(timer), 0);
}

static void
a_point_in_time(void)
{
    struct itimerspec set = {{0, 0}, {0, 0}};
    timer_t timer;

    set_action(SIGALRM);
    check_eq(timer_create(CLOCK_REALTIME, NULL, &timer), 0);
    check_eq(clock_gettime(CLOCK_REALTIME, &set.it_value), 0);
    set.it_value.tv_sec++;
    check_eq(timer_settime(timer, TIMER_ABSTIME, &set, NULL), 0);
    wait_for(1);
    check(now_ns(CLOCK_REALTIME) >=
          set.it_value.tv_sec * 1000000000ll + set.it_value.tv_nsec);
    count = 0;
    set.it_value.tv_sec = 1; /* long ago */
    check_eq(timer_settime(timer, TIMER_ABSTIME, &set, NULL), 0);
    wait_for(1);
    check_eq(timer_delete(timer), 0);
}

static void
bad_arguments(void)
{
    struct itimerval set = {.it_value = {0, 1000000}};
    struct itimerspec spec = {.it_value = {0, 1000000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    timer_t timer = create(SIGEV_NONE, 0, 0);
    int id;

    check_fails(EINVAL, setitimer(ITIMER_REAL, &set, NULL));
    check_fails(EINVAL, syscall(SYS_setitimer, 3, NULL, NULL));
    check_fails(EINVAL, syscall(SYS_getitimer, 3, &set));
    check_fails(EFAULT, syscall(SYS_getitimer, ITIMER_REAL, 8));
    check_fails(EINVAL, timer_settime(timer, 0, &spec, NULL));
    check_fails(EINVAL,
                syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    check_fails(EINVAL, syscall(SYS_timer_create, 99, NULL, &id));
    check_fails(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8));
    check_fails(EINVAL, syscall(SYS_timer_settime, -1, 0, &set, NULL));
    check_eq(timer_delete(timer), 0);
}

/* Children have none; a program keeps its alarm, and loses the others. */
static void
who_keeps_timers(void)
{
    struct itimerval old;
    char *argv[] = {"signals_timers", "probe", NULL};
    int status;
    timer_t timer = create(SIGEV_SIGNAL, SIGUSR1, 0);
    pid_t pid;

    alarm(100);
    pid = fork();
    if (pid == 0)
        _exit(alarm(0) != 0 || timer_getoverrun(timer) != -1);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(timer_delete(timer), 0);
    check_eq(alarm(0), 100);
    pid = fork();
    if (pid == 0) {
        alarm(100);
        create(SIGEV_SIGNAL, SIGUSR1, 0);
        execv("/linux/signals_timers", argv);
        _exit(1);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 42 << 8);
    check_eq(getitimer(ITIMER_REAL, &old), 0);
    check_eq(old.it_value.tv_sec, 0);
}

/* A process may end while its timers run. */
static void
timers_end_with_their_process(void)
{
    for (int i = 0; i < 20; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            set_action(40);
            for (int n = 0; n < 10; n++)
                set_timer(create(SIGEV_SIGNAL, 40, n), 1, 100000 + n);
            while (count < 20)
                ;
            _exit(0);
        }
        check_eq(waitpid(pid, &status, 0), pid);
        check_eq(status, 0);
    }
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(alarm_rings_once),
        TAP_CASE(an_interval_goes_on),
        TAP_CASE(cpu_time_counts_when_it_is_used),
        TAP_CASE(created_timers_carry_a_value),
        TAP_CASE(a_timer_runs_over),
        TAP_CASE(a_timer_that_is_too_fast),
        TAP_CASE(a_timer_without_a_signal),
        TAP_CASE(a_timer_of_one_thread),
        TAP_CASE(a_word_is_not_a_timer),
        TAP_CASE(a_point_in_time),
        TAP_CASE(bad_arguments),
        TAP_CASE(who_keeps_timers),
        TAP_CASE(timers_end_with_their_process),
    };

    if (argc > 1 && strcmp(argv[1], "probe") == 0)
        return alarm(0) == 100 && syscall(SYS_timer_getoverrun, 0) == -1 ? 42
                                                                         : 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
