/* The calls about the machine and its clocks do what they are for. */
#include "usertests.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>

static void
names_are_set(void)
{
    struct utsname before, now;

    check_eq(call(uname, &before), 0);
    check(strcmp(before.machine, "riscv64") == 0);
    check_eq(call(sethostname, "other", 5), 0);
    check_eq(call(setdomainname, "domain", 6), 0);
    check_eq(call(uname, &now), 0);
    check(strcmp(now.nodename, "other") == 0);
    check_eq(call(sethostname, before.nodename, strlen(before.nodename)), 0);
    check_eq(call(uname, &now), 0);
    check(strcmp(now.nodename, before.nodename) == 0);
}

static void
harts_are_known(void)
{
    struct {
        int64_t key;
        uint64_t value;
    } pairs[3] = {{3, 0}, {4, 0}, {77777, 5}};
    unsigned cpu = 99, node = 99;

    check_eq(call(getcpu, &cpu, &node), 0);
    check(cpu < 64 && node == 0);
    check_eq(call(riscv_hwprobe, pairs, 3, 0, NULL, 0), 0);
    check(pairs[0].value & 1);       /* rv64ima */
    check_eq(pairs[1].value & 3, 3); /* with fd and c */
    check(pairs[2].key == -1 && pairs[2].value == 0);
    check_eq(call(riscv_flush_icache, 0, 0, 0), 0);
    check_eq(call(membarrier, 0, 0, 0), 127);
    check_eq(call(membarrier, 16, 0, 0), 0);
    check_eq(call(membarrier, 8, 0, 0), 0);
    check_eq(call(personality, 0xffffffff), 0);
}

/* Who asks about more than anybody wants to know can be ended on the way. */
static void
questions_have_an_end(void)
{
    enum { PAIRS = 2 << 20 };
    volatile int64_t(*pairs)[2] =
        (void *)call(mmap, NULL, PAIRS * sizeof(*pairs), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;

    check((long)pairs > 0);
    long pid = call(clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(call(riscv_hwprobe, pairs, PAIRS, 0, NULL, 0) != 0);
    while (pairs[0][0] == 0)
        call(sched_yield);
    check_eq(call(kill, pid, SIGKILL), 0);
    check_eq(call(wait4, pid, &status, 0, NULL), pid);
    check_eq(status, SIGKILL);
    check_eq(pairs[0][0], -1);
    check_eq(pairs[PAIRS - 1][0], 0);
    check_eq(call(munmap, pairs, PAIRS * sizeof(*pairs)), 0);
}

static void
memory_is_counted(void)
{
    struct sysinfo info;

    check_eq(call(sysinfo, &info), 0);
    check(info.totalram > info.freeram && info.procs >= 1);
    check(call(syslog, 10, NULL, 0) > 0);
    check_eq(call(getrandom, buffer, 16, 0), 16);
    check_fails(EINVAL, call(reboot, 1, 2, 3, 4));
}

static void
clocks_go_on(void)
{
    struct timespec before, now, wait = {0, 1000000};
    struct timeval day;

    check_eq(call(clock_gettime, CLOCK_MONOTONIC, &before), 0);
    check_eq(call(nanosleep, &wait, NULL), 0);
    check_eq(call(clock_nanosleep, CLOCK_MONOTONIC, 0, &wait, NULL), 0);
    check_eq(call(clock_gettime, CLOCK_MONOTONIC, &now), 0);
    check((now.tv_sec - before.tv_sec) * 1000000000 + now.tv_nsec -
              before.tv_nsec >=
          2000000);
    check_eq(call(clock_getres, CLOCK_MONOTONIC, &now), 0);
    check_eq(now.tv_sec, 0);
    check_eq(call(gettimeofday, &day, NULL), 0);
    check_eq(call(clock_gettime, CLOCK_REALTIME, &now), 0);
    check(now.tv_sec - day.tv_sec <= 1);
}

static void
timers_are_set(void)
{
    int64_t hour[4] = {0, 0, 3600, 0}, left[4] = {0, 0, 0, 0};
    int32_t quiet[16] = {0, 0, 0, 1}; /* SIGEV_NONE */
    int32_t id = -1;

    check_eq(call(setitimer, 0, hour, NULL), 0);
    check_eq(call(getitimer, 0, left), 0);
    check(left[2] >= 3599 && left[2] <= 3600 && left[0] == 0);
    hour[2] = 0;
    check_eq(call(setitimer, 0, hour, left), 0);
    check(left[2] >= 3599);
    check_eq(call(timer_create, CLOCK_MONOTONIC, quiet, &id), 0);
    hour[2] = 3600;
    check_eq(call(timer_settime, id, 0, hour, NULL), 0);
    check_eq(call(timer_gettime, id, left), 0);
    check(left[2] >= 3599 && left[2] <= 3600);
    check_eq(call(timer_getoverrun, id), 0);
    check_eq(call(timer_delete, id), 0);
    check_fails(EINVAL, call(timer_delete, id));
}

void
good_machine(void)
{
    good(names_are_set);
    good(harts_are_known);
    good(questions_have_an_end);
    good(memory_is_counted);
    good(clocks_go_on);
    good(timers_are_set);
}
