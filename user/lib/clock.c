#include <time.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>
#include <unistd.h>

int
clock_gettime(clockid_t clock, struct timespec *to)
{
    return (int)errno_result(
        riscv_syscall3(SYS_clock_gettime, clock, (long)to, 0));
}

int
clock_getres(clockid_t clock, struct timespec *to)
{
    return (int)errno_result(
        riscv_syscall3(SYS_clock_getres, clock, (long)to, 0));
}

int
nanosleep(const struct timespec *length, struct timespec *left)
{
    return (int)errno_result(
        riscv_syscall3(SYS_nanosleep, (long)length, (long)left, 0));
}

time_t
time(time_t *to)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}

unsigned int
sleep(unsigned int seconds)
{
    struct timespec length = {.tv_sec = seconds}, left = {0};

    return nanosleep(&length, &left) == 0 ? 0 : (unsigned int)left.tv_sec;
}

int
usleep(unsigned int microseconds)
{
    struct timespec length = {
        .tv_sec = microseconds / 1000000,
        .tv_nsec = microseconds % 1000000 * 1000l,
    };

    return nanosleep(&length, NULL);
}
