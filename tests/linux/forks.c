/* What fork leaves to be copied later: page tables that parent and child have
 * in common, until one of them changes something that they map. */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096ul
#define TABLE (512 * PAGE) /* what one table maps */
#define RW    (PROT_READ | PROT_WRITE)

static char *
map(size_t size)
{
    return mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Maps `tables` whole tables; page i of them begins with i. */
static uint32_t *
map_tables(size_t tables)
{
    char *p = map((tables + 1) * TABLE);

    p = (char *)(((uintptr_t)p + TABLE - 1) & ~(TABLE - 1));
    for (size_t at = 0; at < tables * TABLE; at += PAGE)
        *(uint32_t *)(p + at) = (uint32_t)(at / PAGE);
    return (uint32_t *)p;
}

static volatile uint32_t *
page(uint32_t *memory, size_t index)
{
    return memory + index * (PAGE / sizeof(*memory));
}

/* Whether pages [first, end) begin with their number. */
static bool
is_whole(uint32_t *memory, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (*page(memory, i) != i)
            return false;
    return true;
}

/* ---- Changes that others must not see ---- */

static void
write_some(uint32_t *memory)
{
    for (size_t i = 0; i < 1024; i += 3)
        *page(memory, i) = 7777;
    check(*page(memory, 3) == 7777 && *page(memory, 4) == 4);
}

static void
unmap_some(uint32_t *memory)
{
    check_eq(munmap((char *)memory + 10 * PAGE, 10 * PAGE), 0);
    check_eq(munmap((char *)memory + TABLE, TABLE), 0);
    check(is_whole(memory, 0, 10) && is_whole(memory, 20, 512));
}

static void
protect_some(uint32_t *memory)
{
    char byte = 0;
    int zero = open("/dev/zero", O_RDONLY);

    check_eq(mprotect((char *)memory + 10 * PAGE, 10 * PAGE, PROT_READ), 0);
    check_eq(read(zero, (char *)memory + 10 * PAGE, 1), -1);
    check(is_whole(memory, 0, 1024));
    check_eq(mprotect((char *)memory + 10 * PAGE, 10 * PAGE, RW), 0);
    check_eq(read(zero, (char *)memory + 10 * PAGE + 1, 1), 1);
    check(is_whole(memory, 0, 1024) && byte == 0);
    close(zero);
}

static void
forget_some(uint32_t *memory)
{
    check_eq(madvise((char *)memory + 10 * PAGE, 10 * PAGE, MADV_DONTNEED), 0);
    check_eq(*page(memory, 10) + *page(memory, 19), 0);
    check(is_whole(memory, 20, 1024));
}

static void
move_some(uint32_t *memory)
{
    char *to = map(TABLE);
    void *moved = mremap((char *)memory + 10 * PAGE, 600 * PAGE, 600 * PAGE,
                         MREMAP_MAYMOVE | MREMAP_FIXED, to);

    check(moved == to);
    check_eq(*page(moved, 0), 10);
    check_eq(*page(moved, 599), 609);
    check(is_whole(memory, 0, 10) && is_whole(memory, 610, 1024));
}

static void
put_a_file_there(uint32_t *memory)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    char *p = mmap((char *)memory + 10 * PAGE, 10 * PAGE, RW,
                   MAP_PRIVATE | MAP_FIXED, fd, 0);

    check(p == (char *)memory + 10 * PAGE);
    check(memcmp(p, "\177ELF", 4) == 0);
    p[PAGE] = p[2] = 1;
    check(is_whole(memory, 0, 10) && is_whole(memory, 20, 1024));
    close(fd);
}

/* Has a child, and its child, do something, before or after which the parent
 * writes; nobody sees what the others did. */
static void
do_in_family(void (*change)(uint32_t *memory), bool parent_first)
{
    uint32_t *memory = map_tables(2);
    int hold[2], status = -1;
    char byte;
    pid_t pid;

    check_eq(pipe(hold), 0);
    pid = fork();
    if (pid == 0) {
        close(hold[1]);
        if (parent_first)
            check_eq(read(hold[0], &byte, 1), 0);
        check(is_whole(memory, 0, 1024));
        if (fork() == 0) {
            change(memory);
            _exit(tap_end_case("of a grandchild"));
        }
        change(memory);
        check(wait(&status) > 0 && status == 0);
        _exit(tap_end_case("of a child"));
    }
    if (!parent_first)
        check_eq(waitpid(pid, &status, 0), pid);
    check(is_whole(memory, 0, 1024));
    *page(memory, 5) = *page(memory, 1000) = 5;
    close(hold[1]);
    if (parent_first)
        check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
    check_eq(*page(memory, 5), 5);
    *page(memory, 5) = 5;
    *page(memory, 1000) = 1000;
    check(is_whole(memory, 0, 1024));
    close(hold[0]);
    munmap(memory, 2 * TABLE);
}

static void
changes_are_ones_own(void)
{
    static void (*const changes[])(uint32_t *) = {
        write_some,  unmap_some, protect_some,
        forget_some, move_some,  put_a_file_there,
    };

    for (size_t i = 0; i < 2 * sizeof(changes) / sizeof(changes[0]); i++)
        do_in_family(changes[i / 2], i % 2);
}

/* ---- While others write ---- */

#define WRITERS 3
#define PAGES   64u

static uint32_t *written;
static volatile int stop;

/* Of each sixteen pages, one is used. */
static volatile uint32_t *
used(size_t index)
{
    return page(written, index * 16);
}

/* Writes the number of the round to its pages, one after the other. */
static void *
write_on(void *arg)
{
    for (uint32_t round = 1; !stop; round++)
        for (size_t i = (size_t)(uintptr_t)arg; i < PAGES; i += WRITERS)
            *used(i) = round;
    return NULL;
}

/* Whether pages are as they were at one moment, and stay so. */
static bool
is_still(void)
{
    static uint32_t seen[PAGES];

    for (size_t i = 0; i < PAGES; i++) {
        seen[i] = *used(i);
        if (i >= WRITERS && seen[i - WRITERS] != seen[i] &&
            seen[i - WRITERS] != seen[i] + 1)
            return false;
    }
    for (size_t i = 0; i < PAGES; i++) {
        if (*used(i) != seen[i])
            return false;
        *used(i) = (uint32_t)i;
    }
    for (size_t i = 0; i < PAGES; i++)
        if (*used(i) != i)
            return false;
    return true;
}

static void
threads_write_on(void)
{
    pthread_t writers[WRITERS];
    int status = -1;

    written = map_tables(2);
    for (size_t i = 0; i < PAGES; i++)
        *used(i) = 0;
    for (uintptr_t i = 0; i < WRITERS; i++)
        check_eq(pthread_create(&writers[i], NULL, write_on, (void *)i), 0);
    for (int i = 0; i < 8; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(!is_still());
        check_eq(waitpid(pid, &status, 0), pid);
        check_eq(status, 0);
    }
    stop = 1;
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    munmap(written, 2 * TABLE);
}

/* ---- What a child costs ---- */

#define CHILDREN 10
#define MANY     16 /* tables */

static long
free_pages(void)
{
    char text[256] = "";
    int fd = open("/proc/meminfo", O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    const char *found = n > 0 ? strstr(text, "MemFree:") : NULL;

    close(fd);
    return found ? strtol(found + 8, NULL, 10) / 4 : -1;
}

/* Returns the frames that children need who only wait. */
static long
cost_of_children(void)
{
    int hold[2];
    long before = free_pages(), cost;
    char byte;

    check_eq(pipe(hold), 0);
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0) {
            close(hold[1]);
            _exit((int)read(hold[0], &byte, 1));
        }
    cost = before - free_pages();
    close(hold[0]);
    close(hold[1]);
    while (wait(NULL) > 0)
        ;
    return cost;
}

static void
tables_are_not_copied(void)
{
    long small, large;

    cost_of_children(); /* kernel stacks stay */
    small = cost_of_children();
    map_tables(MANY);
    large = cost_of_children();
    check(small > CHILDREN);
    if (large > small + CHILDREN * 2)
        tap_fail(__FILE__, __LINE__, "%ld frames, and %ld with %d tables more",
                 small, large, MANY);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(changes_are_ones_own),
        TAP_CASE(threads_write_on),
        TAP_CASE(tables_are_not_copied),
    };

    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
