/* When memory runs out, whoever holds most of it is ended, and nobody else. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

#define PAGE     4096ul
#define SMALL    (256 * PAGE)
#define LITTLE   (24 * PAGE)
#define TOO_MUCH (1ul << 30)

static char *
map(size_t size)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(p != MAP_FAILED);
    return p;
}

static uint64_t
free_bytes(void)
{
    struct sysinfo info = {0};

    check_eq(sysinfo(&info), 0);
    return info.freeram * info.mem_unit;
}

static void
touch(volatile char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE)
        memory[i] = 1;
}

/* Takes all memory, or lets the kernel take it, by read(2). */
static void
take_all(bool by_read)
{
    char *memory = map(TOO_MUCH);
    int zeros = open("/dev/zero", O_RDONLY);

    if (by_read)
        for (size_t i = 0; i < TOO_MUCH; i += SMALL)
            read(zeros, memory + i, SMALL);
    else
        touch(memory, TOO_MUCH);
}

/* Takes memory until little is left, tells so, and keeps it. */
static void
take_most(int tell)
{
    char *memory = map(TOO_MUCH);

    for (size_t i = 0; free_bytes() > LITTLE; i += PAGE)
        memory[i] = 1;
    if (write(tell, "x", 1) == 1)
        for (;;)
            sleep(1000);
}

/* The hog must end, its neighbour and init live on, and nothing be lost. */
static void
check_hog_is_ended(bool by_read)
{
    uint64_t before = free_bytes();
    int hold[2], status = 0;
    char byte;
    pid_t neighbour, hog;

    check_eq(pipe(hold), 0);
    neighbour = fork();
    if (neighbour == 0) {
        touch(map(SMALL), SMALL);
        _exit(read(hold[0], &byte, 1) == 1 ? 5 : 6);
    }
    hog = fork();
    if (hog == 0) {
        take_all(by_read);
        _exit(1);
    }
    check_eq(waitpid(hog, &status, 0), hog);
    check_eq(status, SIGKILL);
    check_eq(write(hold[1], "x", 1), 1);
    check_eq(waitpid(neighbour, &status, 0), neighbour);
    check_eq(status, 5 << 8);
    close(hold[0]);
    close(hold[1]);
    check(free_bytes() + SMALL > before);
}

static void
hog_is_ended(void)
{
    for (int i = 0; i < 5; i++)
        check_hog_is_ended(false);
}

static void
hog_is_ended_within_a_call(void)
{
    for (int i = 0; i < 5; i++)
        check_hog_is_ended(true);
}

/* Starts a hog and returns once it has left almost nothing. */
static pid_t
start_hog(void)
{
    int ready[2];
    char byte;
    pid_t hog;

    check_eq(pipe(ready), 0);
    hog = fork();
    if (hog == 0)
        take_most(ready[1]);
    check_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return hog;
}

static void
check_ended(pid_t hog)
{
    int status = 0;

    check_eq(waitpid(hog, &status, 0), hog);
    check_eq(status, SIGKILL);
}

static void
init_gets_its_memory(void)
{
    char *mine = map(SMALL);
    pid_t hog = start_hog();

    touch(mine, SMALL);
    check_ended(hog);
    munmap(mine, SMALL);
}

static void
call_gets_its_memory(void)
{
    char *mine = map(SMALL);
    int zeros = open("/dev/zero", O_RDONLY);
    pid_t hog = start_hog();

    check_eq(read(zeros, mine, SMALL), SMALL);
    check_ended(hog);
    close(zeros);
    munmap(mine, SMALL);
}

/* ---- Tables that fork let parent and child share ---- */

#define TABLES 64ul
#define TABLE  (512 * PAGE) /* what one maps */

static int
protect(char *p)
{
    return mprotect(p, PAGE, PROT_READ);
}

static int
unmap(char *p)
{
    return munmap(p, PAGE);
}

static int
discard(char *p)
{
    return (int)syscall(SYS_madvise, p, PAGE, MADV_DONTNEED);
}

static int
move(char *p)
{
    char *to = p + PAGE;
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

    return syscall(SYS_mremap, p, PAGE, PAGE, flags, to) == (long)to ? 0 : -1;
}

/* Changes the first page of each table, of which there has to be a copy. */
static void
check_tables_are_copied(int (*change)(char *p))
{
    char *memory = map(TABLES * TABLE), byte;
    int hold[2], status = 0;
    pid_t other, hog;

    for (size_t i = 0; i < TABLES; i++)
        memory[i * TABLE] = 1;
    check_eq(pipe(hold), 0);
    other = fork();
    if (other == 0)
        _exit(read(hold[0], &byte, 1) != 1);
    hog = start_hog();
    for (size_t i = 0; i < TABLES; i++)
        check_eq(change(memory + i * TABLE), 0);
    check_ended(hog);
    check_eq(write(hold[1], "x", 1), 1);
    check_eq(waitpid(other, &status, 0), other);
    check_eq(status, 0);
    close(hold[0]);
    close(hold[1]);
    munmap(memory, TABLES * TABLE);
}

static void
changes_get_their_tables(void)
{
    check_tables_are_copied(protect);
    check_tables_are_copied(unmap);
    check_tables_are_copied(discard);
    check_tables_are_copied(move);
}

/* ---- Areas ---- */

#define AREAS 2048ul

static char *
map_areas(void)
{
    char *memory = map(2 * AREAS * PAGE);

    for (size_t i = 0; i < AREAS; i++)
        check_eq(protect(memory + 2 * i * PAGE), 0);
    return memory;
}

/* Changes every other page, which leaves as many areas more. */
static void
check_areas_are_split(int (*change)(char *p))
{
    char *memory = map(2 * AREAS * PAGE);
    pid_t hog = start_hog();

    for (size_t i = 0; i < AREAS; i++)
        check_eq(change(memory + 2 * i * PAGE), 0);
    check_ended(hog);
    munmap(memory, 2 * AREAS * PAGE);
}

static void
changes_get_their_areas(void)
{
    check_areas_are_split(protect);
    check_areas_are_split(unmap);
}

static void
fork_gets_its_areas(void)
{
    char *memory = map_areas();
    pid_t hog = start_hog(), child = fork();
    int status = 0;

    if (child == 0)
        _exit(5);
    check(child > 0);
    check_eq(waitpid(child, &status, 0), child);
    check_eq(status, 5 << 8);
    check_ended(hog);
    munmap(memory, 2 * AREAS * PAGE);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(hog_is_ended),
        TAP_CASE(hog_is_ended_within_a_call),
        TAP_CASE(init_gets_its_memory),
        TAP_CASE(call_gets_its_memory),
        TAP_CASE(changes_get_their_tables),
        TAP_CASE(changes_get_their_areas),
        TAP_CASE(fork_gets_its_areas),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
