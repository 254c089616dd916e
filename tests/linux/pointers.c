/* Calls that take pointers, with pointers that lead nowhere: EFAULT, whatever
 * the call, and nothing else happens. */
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int file, ends[2];
static char good[2 * PAGE];

/* What each call does with a bad pointer p; those of `in` read from it, the
 * others write to it. */
#define IN(name, ...)            \
    {                            \
#name, true, SYS_##name, \
        {                        \
            __VA_ARGS__          \
        }                        \
    }
#define OUT(name, ...)            \
    {                             \
#name, false, SYS_##name, \
        {                         \
            __VA_ARGS__           \
        }                         \
    }
#define P    0x7e57 /* stands for the pointer */
#define FD   0x7e58 /* for the file */
#define OK   0x7e59 /* for good memory */
#define PIPE 0x7e5a /* for a pipe's end to write to */

static const struct probe {
    const char *name;
    bool in;
    long number;
    long args[6];
} probes[] = {
    OUT(getcwd, P, PAGE),
    IN(mkdirat, AT_FDCWD, P, 0),
    IN(mknodat, AT_FDCWD, P, 0100644, 0),
    IN(unlinkat, AT_FDCWD, P, 0),
    IN(symlinkat, P, AT_FDCWD, OK),
    IN(linkat, AT_FDCWD, P, AT_FDCWD, OK, 0),
    IN(renameat2, AT_FDCWD, P, AT_FDCWD, OK, 0),
    IN(umount2, P, 0),
    IN(mount, OK, P, OK, 0, 0),
    IN(statfs, P, OK),
    OUT(fstatfs, FD, P),
    IN(truncate, P, 0),
    IN(faccessat, AT_FDCWD, P, 0),
    IN(chdir, P),
    IN(fchmodat, AT_FDCWD, P, 0),
    IN(fchownat, AT_FDCWD, P, 0, 0, 0),
    IN(openat, AT_FDCWD, P, 0, 0),
    OUT(pipe2, P, 0),
    OUT(pread64, FD, P, 64, 0),
    IN(pwrite64, FD, P, 64, 0),
    IN(write, PIPE, P, 64),
    IN(preadv, FD, P, 1, 0),
    IN(pwritev, FD, P, 1, 0),
    IN(writev, PIPE, P, 1),
    IN(readlinkat, AT_FDCWD, P, OK, 64),
    IN(newfstatat, AT_FDCWD, P, OK, 0),
    OUT(fstat, FD, P),
    OUT(newfstatat, FD, OK, P, AT_EMPTY_PATH),
    IN(utimensat, FD, 0, P, 0),
    IN(nanosleep, P, 0),
    OUT(clock_gettime, 0, P),
    OUT(clock_getres, 0, P),
    IN(clock_nanosleep, 0, 0, P, 0),
    IN(rt_sigaction, SIGUSR1, P, 0, 8),
    OUT(rt_sigaction, SIGUSR1, 0, P, 8),
    IN(rt_sigprocmask, 0, P, 0, 8),
    OUT(rt_sigprocmask, 0, 0, P, 8),
    OUT(uname, P),
    OUT(gettimeofday, P, 0),
    OUT(sysinfo, P),
    IN(execve, P, 0, 0),
    OUT(prlimit64, 0, 7, 0, P),
    IN(prlimit64, 0, 7, P, 0),
    OUT(getrandom, P, 64, 0),
    IN(ppoll, P, 1, 0, 0, 8),
    OUT(statx, FD, OK, AT_EMPTY_PATH, 0x7ff, P),
    IN(fcntl, FD, F_SETLK, P),
    IN(futex, P, 0, 1, 0),
};

static long
value_of(long arg, const void *pointer)
{
    return arg == P      ? (long)pointer
           : arg == FD   ? file
           : arg == PIPE ? ends[1]
           : arg == OK   ? (long)good
                         : arg;
}

enum how { ALL, ONLY_OUT, STRADDLING };

/* Where a page has one byte of it, that byte may be moved, and a word is at no
 * place for one. */
static bool
is_right(const struct probe *p, long result, enum how how)
{
    if (how == STRADDLING &&
        (result == 1 || (p->number == SYS_futex && errno == EINVAL)))
        return true;
    return result == -1 && errno == EFAULT;
}

static void
probe_all(const char *what, void *pointer, enum how how)
{
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
        const struct probe *p = &probes[i];
        if (p->in && how == ONLY_OUT)
            continue;
        if (how == STRADDLING)
            *(char *)pointer = 'x'; /* a path that does not end */
        memset(good, 0, sizeof(good));
        good[0] =
            p->number == SYS_mount || p->number == SYS_symlinkat ? 'x' : 0;
        long result = syscall(
            p->number, value_of(p->args[0], pointer),
            value_of(p->args[1], pointer), value_of(p->args[2], pointer),
            value_of(p->args[3], pointer), value_of(p->args[4], pointer),
            value_of(p->args[5], pointer));
        if (!is_right(p, result, how))
            tap_fail(__FILE__, __LINE__, "%s with %s: %ld, errno %d", p->name,
                     what, result, errno);
    }
}

static void
addresses_of_nobody(void)
{
    probe_all("page 0", (void *)8, ALL);
    probe_all("the kernel", (void *)0xffffffff80200000, ALL);
    probe_all("the direct map", (void *)0xffffffc080200000, ALL);
    probe_all("no half", (void *)0x0000800000000000, ALL);
    probe_all("the end of user space", (void *)0x4000000000, ALL);
    probe_all("the last bytes", (void *)-8, ALL);
    probe_all("a tag", (void *)((uintptr_t)good | 0xff00000000000000), ALL);
}

static void
pages_without_rights(void)
{
    char *p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);

    memset(p, 'x', 3 * PAGE);
    mprotect(p + PAGE, PAGE, PROT_NONE);
    probe_all("PROT_NONE", p + PAGE, ALL);
    mprotect(p + PAGE, PAGE, PROT_READ);
    memset(p, 0, PAGE);
    probe_all("read only", p + PAGE, ONLY_OUT);
    munmap(p + PAGE, PAGE);
    probe_all("after munmap", p + PAGE, ALL);
    probe_all("straddling", p + PAGE - 1, STRADDLING);
    munmap(p, 3 * PAGE);
}

static void
past_the_end_of_a_file(void)
{
    char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, file, 0);

    probe_all("past the end of a file", p + PAGE, ALL);
    munmap(p, 2 * PAGE);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(addresses_of_nobody),
        TAP_CASE(pages_without_rights),
        TAP_CASE(past_the_end_of_a_file),
    };

    file = open("/tmp/pointers", O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || pipe(ends) != 0 || write(file, good, PAGE) != PAGE)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
