/* Processes of the nice values of /plan count for as long as this one sleeps;
 * another sleeps most of the time. /out gets how far each has counted, how late
 * the sleeper was at most, in nanoseconds, and how long the parent had the
 * hart, in microseconds. */
#include "abi/resource.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST     8
#define SLEEP_NS 7000000u
#define NS_PER_S 1000000000u

static uint64_t until;

static uint64_t
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void
put(uint64_t number)
{
    int out = open("/out", O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (write(out, &number, sizeof(number)) != sizeof(number))
        _exit(1);
    close(out);
}

static void
count(int nice)
{
    volatile uint64_t counted = 0;
    if (syscall(SYS_setpriority, 0, 0, nice) != 0)
        _exit(2);
    while (now() < until)
        for (unsigned i = 0; i < 1000; i++)
            counted++;
    int out = open("/counts", O_WRONLY | O_CREAT | O_APPEND, 0644);
    uint64_t record[2] = {(uint64_t)(int64_t)nice, counted};
    _exit(write(out, record, sizeof(record)) == sizeof(record) ? 0 : 3);
}

static void
doze(void)
{
    uint64_t latest = 0;
    while (now() + SLEEP_NS < until) {
        uint64_t due = now() + SLEEP_NS;
        nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
        uint64_t late = now() - due;
        latest = late > latest ? late : latest;
    }
    put(latest);
    _exit(0);
}

int
main(void)
{
    struct {
        uint64_t ns, n;
        int64_t nices[MOST];
    } plan = {0};
    struct rusage usage;
    int status, failed = 0, in = open("/plan", O_RDONLY);
    if (read(in, &plan, sizeof(plan)) <= 0 || plan.n > MOST)
        return 4;
    until = now() + plan.ns;
    for (unsigned i = 0; i <= plan.n; i++) {
        pid_t pid = fork();
        if (pid == 0 && i < plan.n)
            count((int)plan.nices[i]);
        if (pid == 0)
            doze();
        if (pid < 0)
            return 5;
    }
    while (wait(&status) > 0)
        failed |= status;
    if (failed || syscall(SYS_getrusage, RUSAGE_SELF, &usage) != 0)
        return 6;
    put((uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
        (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
    sync();
    return 0;
}
