/* brk, mmap, the stack, and registers that must survive. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

#define PAGE 4096

static void
heap_grows_and_shrinks(void)
{
    char *start = sbrk(0), *grown = sbrk(10 * PAGE);

    check_eq((uintptr_t)grown, (uintptr_t)start);
    for (int i = 0; i < 10 * PAGE; i++)
        check_eq(start[i], 0);
    memset(start, 1, 10 * PAGE);
    check_eq(brk(start), 0);
    check(sbrk(2 * PAGE) == start);
    check_eq(start[PAGE], 0);
    check_eq(brk(start), 0);
    check_fails(ENOMEM, brk((void *)0xffffffc000000000ul));
}

static void
anonymous_maps(void)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(p != MAP_FAILED);
    check_eq((uintptr_t)p % PAGE, 0);
    check_eq(p[0] + p[3 * PAGE - 1], 0);
    p[PAGE] = 7;
    check_eq(munmap(p + PAGE, PAGE), 0);
    p[0] = p[2 * PAGE] = 1;
    check_eq(munmap(p, 3 * PAGE), 0);
    check((void *)-1 ==
          mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    check_eq(errno, EINVAL);
    check_fails(EINVAL, munmap((void *)1, PAGE));
}

static void
unmapped_memory_faults(void)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status;

    check_eq(munmap(p, PAGE), 0);
    if (fork() == 0) {
        *(volatile char *)p = 1;
        _exit(0);
    }
    wait(&status);
    check_eq(WTERMSIG(status), 11);
}

static void
protection_is_kept(void)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status;

    p[0] = 5;
    check_eq(mprotect(p, PAGE, PROT_READ), 0);
    check_eq(p[0], 5);
    if (fork() == 0) {
        *(volatile char *)p = 1;
        _exit(0);
    }
    wait(&status);
    check_eq(WTERMSIG(status), 11);
    check_eq(mprotect(p, PAGE, PROT_READ | PROT_WRITE), 0);
    p[0] = 6;
    munmap(p, PAGE);
}

static void
ends_of_user_space(void)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

    check_fails(ENOMEM, mprotect(p, (size_t)-1, PROT_READ));
    check_fails(ENOMEM, mprotect(p, (size_t)-PAGE, PROT_READ));
    check_fails(ENOMEM, mprotect(p, 1ul << 38, PROT_READ));
    check_fails(EINVAL, munmap(p, (size_t)-PAGE));
    p[0] = 1; /* still allowed */
    check_eq(munmap(p, PAGE), 0);
    for (uintptr_t at = 0; at < 0x10000; at += 0xf000)
        check_fails(EPERM, mmap((void *)at, PAGE, PROT_READ, fixed, -1, 0));
    check_fails(ENOMEM,
                mmap((void *)(1ul << 38), PAGE, PROT_READ, fixed, -1, 0));
}

enum access { LOAD, STORE, JUMP };

/* Returns the signal that ends a process when it does that. */
static int
signal_of_access(enum access access, uintptr_t at)
{
    int status = 0;

    if (fork() == 0) {
        if (access == LOAD)
            (void)*(volatile char *)at;
        else if (access == STORE)
            *(volatile char *)at = 1;
        else
            ((void (*)(void))at)();
        _exit(0);
    }
    check(wait(&status) > 0);
    return WTERMSIG(status);
}

static void
beyond_user_space_is_nothing(void)
{
    /* Sv39 has no addresses between 2^38 and those that are sign-extended:
     * what comes there may be another exception than a page fault. */
    static const uintptr_t outside[] = {
        1ul << 38, 1ul << 39, 1ul << 56, 1ul << 63, -(1ul << 38), -2ul,
    };

    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        check_eq(signal_of_access(LOAD, outside[i]), SIGSEGV);
        check_eq(signal_of_access(STORE, outside[i]), SIGSEGV);
        check_eq(signal_of_access(JUMP, outside[i]), SIGSEGV);
    }
}

/* Not inlined, so that every level takes stack. */
static __attribute__((noinline)) int
recurse(int depth)
{
    volatile char frame[1000];

    frame[0] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + (frame[0] == (char)depth);
}

static void
stack_grows(void)
{
    check_eq(recurse(1000), 1000);
}

static void
stack_ends_at_its_limit(void)
{
    int status;

    if (fork() == 0)
        _exit(recurse(10000) != 10000); /* more than 8 MiB */
    wait(&status);
    check_eq(WTERMSIG(status), SIGSEGV);
}

static void
shared_memory_outlives_fork(void)
{
    int *p = mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status, *last = p + 599 * PAGE / sizeof(int);

    check(p != MAP_FAILED);
    p[0] = 1;
    if (fork() == 0) {
        p[0]++;
        *last = 7;
        check_eq(munmap(p, PAGE), 0);
        _exit(0);
    }
    wait(&status);
    check_eq(p[0], 2);
    check_eq(*last, 7);
    check_eq(munmap(p, 600 * PAGE), 0);
}

/* Many areas, made and taken away in no order, are found all the same. */
static void
a_thousand_areas(void)
{
    enum { N = 1000 };
    char *base = mmap(NULL, 2 * N * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (int i = 0; i < N; i++) {
        int at = i * 367 % N;
        check_eq(munmap(base + (2 * at + 1) * PAGE, PAGE), 0);
        base[2 * at * PAGE] = (char)at;
    }
    for (int i = 0; i < N; i++)
        check_eq(base[2 * i * PAGE], (char)i);
    for (int i = 0; i < N; i += 2)
        check_eq(mprotect(base + 2 * i * PAGE, PAGE, PROT_READ), 0);
    check_fails(ENOMEM, mprotect(base, 2 * PAGE, PROT_READ));
    check_eq(munmap(base, 2 * N * PAGE), 0);
    check_fails(ENOMEM, mprotect(base, PAGE, PROT_READ));
}

static void
malloc_keeps_blocks_apart(void)
{
    static unsigned char *blocks[200];
    static size_t sizes[200];

    srand(1);
    for (int round = 0; round < 5000; round++) {
        int i = rand() % 200;
        for (size_t j = 0; blocks[i] && j < sizes[i]; j++)
            if (blocks[i][j] != (unsigned char)i) {
                check_eq(blocks[i][j], i);
                return;
            }
        sizes[i] = (size_t)rand() % (round % 50 ? 500 : 200000);
        if (round % 3)
            blocks[i] = realloc(blocks[i], sizes[i]);
        else {
            free(blocks[i]);
            blocks[i] = malloc(sizes[i]);
        }
        check(blocks[i] != NULL && (uintptr_t)blocks[i] % 16 == 0);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < 200; i++)
        free(blocks[i]);
}

/* Long enough to be preempted many times. */
static double
sum_of_reciprocals(int seed)
{
    double sum = 0, product = 1.5;

    for (int i = 1; i < 3000000; i++) {
        sum += 1.0 / (i + seed);
        product = product * 0.999 + 0.001 * seed;
    }
    return sum + product;
}

static void
floating_point_registers_survive(void)
{
    int status;

    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            double first = sum_of_reciprocals(i);
            double second = sum_of_reciprocals(i);
            _exit(first != second || first < 1.0);
        }
    for (int i = 0; i < 6; i++) {
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
}

static void
floating_point_survives_fork(void)
{
    volatile int three = 3;
    double value = 1.0 / three;
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(value * 3 == 1.0 ? 0 : 1);
    waitpid(pid, &status, 0);
    check_eq(status, 0);
    check(value * 3 == 1.0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(heap_grows_and_shrinks),
        TAP_CASE(anonymous_maps),
        TAP_CASE(unmapped_memory_faults),
        TAP_CASE(protection_is_kept),
        TAP_CASE(ends_of_user_space),
        TAP_CASE(beyond_user_space_is_nothing),
        TAP_CASE(stack_grows),
        TAP_CASE(stack_ends_at_its_limit),
        TAP_CASE(shared_memory_outlives_fork),
        TAP_CASE(a_thousand_areas),
        TAP_CASE(malloc_keeps_blocks_apart),
        TAP_CASE(floating_point_registers_survive),
        TAP_CASE(floating_point_survives_fork),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
