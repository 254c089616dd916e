/* A deadline is met exactly, and without a storm of interrupts before it, also
 * days after the start. Needs a machine that skips the time it sleeps. */
#include <stdint.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ll

static int64_t
now_ns(void)
{
    struct timespec t = {0};

    check_eq(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* How much a program gets done while nobody else wants the hart. */
static int64_t
loops(void)
{
    int64_t end = now_ns() + 50 * MS, count = 0;

    while (now_ns() < end)
        count++;
    return count;
}

static int64_t
nap_error(void)
{
    int64_t from = now_ns();

    usleep(10000);
    return now_ns() - from - 10 * MS;
}

static void
interrupts_stay_rare(void)
{
    int64_t early = loops(), late;

    check_eq(sleep(349000), 0);
    check(now_ns() > 349000 * 1000 * MS);
    late = loops();
    if (late * 10 < early * 9 || late * 9 > early * 10)
        check_eq(late, early);
}

static void
sleeps_stay_right(void)
{
    int64_t error = nap_error();

    check(error >= 0);
    check(error < MS);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(sleeps_stay_right),
        TAP_CASE(interrupts_stay_rare),
        TAP_CASE(sleeps_stay_right),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
