/* Shares of one hart's time: who has how much, and how soon one who slept gets
 * it. For one hart, and a clock that counts instructions. */
#include "hog.h"

static uint64_t
now_ns(clockid_t clock)
{
    struct timespec t;
    check_eq(clock_gettime(clock, &t), 0);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Who sleeps most of the time gets the hart soon, however many there are who
 * would have it all the time. */
static void
sleepers_are_not_kept_waiting(void)
{
    pid_t hogs[4];
    uint64_t worst = 0;
    for (int i = 0; i < 4; i++)
        hogs[i] = start_hog(0, SCHED_OTHER);
    for (int i = 0; i < 20; i++) {
        uint64_t before = now_ns(CLOCK_MONOTONIC);
        sleep_ns(7000000);
        uint64_t late = now_ns(CLOCK_MONOTONIC) - before - 7000000;
        if (late > worst)
            worst = late;
    }
    for (int i = 0; i < 4; i++)
        check(end_hog(hogs[i]) > 0);
    if (worst >= 10000000)
        tap_fail(__FILE__, __LINE__, "late by %lu us",
                 (unsigned long)(worst / 1000));
}

static void
shares_go_by_nice(void)
{
    pid_t nice0 = start_hog(0, SCHED_OTHER), nice5 = start_hog(5, SCHED_OTHER);
    pid_t idle = start_hog(0, SCHED_IDLE);
    sleep_ns(400000000);
    uint64_t much = end_hog(nice0), some = end_hog(nice5),
             little = end_hog(idle);
    /* 1.25^5 is 3.05; and 1024 is a lot more than 3. */
    if (much < some * 5 / 2 || much > some * 7 / 2 || little * 5 > some)
        tap_fail(__FILE__, __LINE__, "%lu, %lu, %lu us", (unsigned long)much,
                 (unsigned long)some, (unsigned long)little);
}

static void
equals_have_equal_shares(void)
{
    pid_t hogs[3];
    uint64_t used[3];
    for (int i = 0; i < 3; i++)
        hogs[i] = start_hog(0, SCHED_OTHER);
    check_eq(setpriority(PRIO_PROCESS, (id_t)hogs[1], 7), 0);
    check_eq(setpriority(PRIO_PROCESS, (id_t)hogs[1], 0), 0);
    sleep_ns(300000000);
    for (int i = 0; i < 3; i++)
        used[i] = end_hog(hogs[i]);
    for (int i = 0; i < 3; i++)
        if (used[i] * 3 < (used[0] + used[1] + used[2]) * 8 / 10)
            tap_fail(__FILE__, __LINE__, "%lu, %lu, %lu us",
                     (unsigned long)used[0], (unsigned long)used[1],
                     (unsigned long)used[2]);
}

int
main(void)
{
    const struct tap_case cases[] = {
        TAP_CASE(sleepers_are_not_kept_waiting),
        TAP_CASE(shares_go_by_nice),
        TAP_CASE(equals_have_equal_shares),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
