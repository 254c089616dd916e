/* What a hart has seen of several address spaces: each process finds its own
 * pages at an address that all have, and nobody finds those that were taken
 * away while it slept. */
#include "tap.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096
#define PAGES  4
#define ROUNDS 200
#define RING   5
#define WHERE  ((volatile int *)0x20000000)
#define STEP   (PAGE / (int)sizeof(int))

/* There may be no other than hart 0. */
static void
stay_on(int hart)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(hart, &set);
    check(sched_setaffinity(0, sizeof(set), &set) == 0 || hart > 0);
}

/* Pages of another content in place of what is there: in other frames, for the
 * old ones are still in use when these are filled. */
static void
renew(int content)
{
    volatile int *fresh = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(fresh != MAP_FAILED);
    for (int i = 0; i < PAGES; i++)
        fresh[i * STEP] = content + i;
    check(mremap((void *)fresh, PAGES * PAGE, PAGES * PAGE,
                 MREMAP_MAYMOVE | MREMAP_FIXED, WHERE) == WHERE);
}

static bool
finds(int content)
{
    for (int i = 0; i < PAGES; i++)
        if (WHERE[i * STEP] != content + i)
            return false;
    return true;
}

static void
pass_on(int end)
{
    check_eq(write(end, "x", 1), 1);
}

static void
wait_for(int end)
{
    char byte;
    check_eq(read(end, &byte, 1), 1);
}

/* ---- Processes that take turns on one hart ---- */

/* Each round, one of them has new pages. */
static int
take_turns(int number, int from, int to)
{
    int content = number * 1000;
    renew(content);
    for (int round = 0; round < ROUNDS; round++) {
        wait_for(from);
        if (!finds(content))
            return 1;
        if (round % RING == number)
            renew(content += 10);
        pass_on(to);
    }
    return 0;
}

static void
each_finds_its_own(void)
{
    int pipes[RING][2], status;
    pid_t pids[RING];
    stay_on(0);
    for (int i = 0; i < RING; i++)
        check_eq(pipe(pipes[i]), 0);
    for (int i = 0; i < RING; i++) {
        pids[i] = fork();
        check(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(take_turns(i, pipes[i][0], pipes[(i + 1) % RING][1]));
    }
    pass_on(pipes[0][1]);
    for (int i = 0; i < RING; i++) {
        check_eq(waitpid(pids[i], &status, 0), pids[i]);
        check_eq(status, 0);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

/* ---- One that sleeps while pages go ---- */

static int wake[2], done[2];
static int expected, wrong;

/* Shares the memory. It has seen the old pages when it goes to sleep. */
static int
sleeper(void *arg)
{
    (void)arg;
    stay_on(1);
    for (int round = 0; round < ROUNDS; round++) {
        wait_for(wake[0]);
        wrong += !finds(expected);
        pass_on(done[1]);
    }
    return 0;
}

static void
wait_until_asleep(pid_t pid)
{
    char path[40], text[80], state = '?';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    while (state != 'S') {
        FILE *stat = fopen(path, "r");
        check(stat && fgets(text, sizeof(text), stat) &&
              sscanf(strrchr(text, ')'), ") %c", &state) == 1);
        fclose(stat);
    }
}

/* Another process on the sleeper's hart, in between: not in the first half of
 * the rounds, for an emulator may then forget everything. */
static void
disturb(void)
{
    int status;
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        stay_on(1);
        _exit(finds(expected) ? 0 : 1);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

static void
a_sleeper_finds_what_is_there(void)
{
    static char stack[16 * PAGE] __attribute__((aligned(16)));
    int status;
    stay_on(0);
    check_eq(pipe(wake) | pipe(done), 0);
    renew(expected = 1);
    pid_t pid = clone(sleeper, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
    check(pid > 0);
    for (int round = 0; round < ROUNDS; round++) {
        if (round >= ROUNDS / 2 && round % 3 == 0)
            disturb();
        wait_until_asleep(pid);
        renew(expected += 10);
        if (round >= ROUNDS / 2 && round % 3 == 1)
            disturb();
        pass_on(wake[1]);
        wait_for(done[0]);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(wrong, 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(each_finds_its_own),
        TAP_CASE(a_sleeper_finds_what_is_there),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
