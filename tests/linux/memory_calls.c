/* mremap, madvise, mlock and limits, as glibc's programs call them. */
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *
fresh(int pages)
{
    char *p = mmap(NULL, (size_t)pages * PAGE, RW, ANON, -1, 0);

    check(p != MAP_FAILED);
    for (int i = 0; i < pages; i++)
        p[i * PAGE] = (char)('a' + i);
    return p;
}

static bool
is_mapped(void *p)
{
    return msync(p, PAGE, MS_ASYNC) == 0;
}

static void
mremap_changes_sizes(void)
{
    char *p = fresh(4);

    check(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p);
    check(!is_mapped(p + 2 * PAGE));
    check_eq(p[PAGE], 'b');
    check(mremap(p, 2 * PAGE, 4 * PAGE, 0) == p); /* its old place is free */
    check_eq(p[PAGE] + p[3 * PAGE], 'b');
    char *q = mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    mprotect(q, PAGE, PROT_READ); /* an area of its own */
    check(mremap(p, 4 * PAGE, 5 * PAGE, 0) == MAP_FAILED);
    check_eq(errno, ENOMEM);
    char *moved = mremap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE);
    check(moved != MAP_FAILED && moved != p);
    check(!is_mapped(p));
    check_eq(moved[PAGE], 'b');
    check_eq(moved[4 * PAGE], 0);
    munmap(moved, 5 * PAGE);
    munmap(q, PAGE);
}

/* Address space costs nothing until it is used. */
static void
much_room(void)
{
    size_t size = 64ul << 30;
    char *p = mmap(NULL, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

    check(p != MAP_FAILED);
    check_eq(mprotect(p + size / 2, 2 * PAGE, RW), 0);
    p[size / 2] = 'x';
    for (int i = 0; i < 20; i++) {
        int status;
        if (fork() == 0)
            _exit(p[size / 2] != 'x');
        check(wait(&status) > 0);
        check_eq(status, 0);
    }
    check_eq(munmap(p, size), 0);
    check(!is_mapped(p + size / 2));
}

static void
mremap_to_a_place(void)
{
    char *p = fresh(2), *q = fresh(3);

    check(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                 q + PAGE) == q + PAGE);
    check_eq(q[0], 'a');
    check_eq(q[PAGE], 'a');
    check_eq(q[2 * PAGE], 'b');
    check(!is_mapped(p));
    check(mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                 q + PAGE) == MAP_FAILED);
    check_eq(errno, EINVAL);
    check(mremap(p, PAGE, PAGE, 0) == MAP_FAILED);
    check_eq(errno, EFAULT);
    check(mremap(q + 1, PAGE, PAGE, 0) == MAP_FAILED);
    check_eq(errno, EINVAL);
    munmap(q, 3 * PAGE);
}

static void
mremap_of_files(void)
{
    int fd = open("/tmp/remap", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char page[PAGE];

    for (int i = 0; i < 4; i++) {
        memset(page, '0' + i, PAGE);
        check_eq(write(fd, page, PAGE), PAGE);
    }
    char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE);
    char *q = mmap(NULL, 8 * PAGE, PROT_NONE, ANON, -1, 0);
    check_eq(p[0], '1');
    p = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q);
    check(p == q);
    check_eq(p[0], '1');
    check_eq(p[2 * PAGE], '3');
    p[PAGE] = 'x';
    check_eq(pread(fd, page, 1, 2 * PAGE), 1);
    check_eq(page[0], 'x');
    munmap(q, 8 * PAGE);
    close(fd);
}

static void
advice(void)
{
    char *p = fresh(3);

    check_eq(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
    check_eq(p[0], 'a');
    check_eq(p[PAGE], 0);
    check_eq(p[2 * PAGE], 'c');
    check_eq(madvise(p, 3 * PAGE, MADV_WILLNEED), 0);
    check_eq(madvise(p, 3 * PAGE, MADV_SEQUENTIAL), 0);
    check_fails(EINVAL, madvise(p, PAGE, 77));
    check_fails(EINVAL, madvise(p + 1, PAGE, MADV_NORMAL));
    check_eq(madvise(p, 0, MADV_NORMAL), 0);
    check_eq(munmap(p + PAGE, PAGE), 0);
    check_fails(ENOMEM, madvise(p, 3 * PAGE, MADV_DONTNEED));
    check_eq(p[0] + p[2 * PAGE], 0); /* done all the same */
    check_eq(madvise(p, PAGE, MADV_FREE), 0);
    check_eq(madvise(p, PAGE, 23), 0); /* MADV_POPULATE_WRITE */
    munmap(p, 3 * PAGE);

    int fd = open("/tmp/advice", O_RDWR | O_CREAT | O_TRUNC, 0644);
    check_eq(write(fd, "file", 4), 4);
    p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
    p[0] = 'X';
    check_fails(EINVAL, madvise(p, PAGE, MADV_FREE));
    check_eq(madvise(p, PAGE, MADV_DONTNEED), 0);
    check_eq(p[0], 'f');
    munmap(p, PAGE);
    p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
    p[0] = 'X';
    check_eq(madvise(p, PAGE, MADV_DONTNEED), 0);
    check_eq(p[0], 'X');
    munmap(p, PAGE);
    close(fd);
}

/* Kibibytes of the process that are in memory. */
static long
resident(void)
{
    long size = 0, pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    check(statm && fscanf(statm, "%ld %ld", &size, &pages) == 2);
    if (statm)
        fclose(statm);
    return pages * PAGE / 1024;
}

static void
locked_memory_is_there(void)
{
    char *p = mmap(NULL, 1024 * PAGE, RW, ANON, -1, 0);
    long before = resident();

    check_eq(mlock(p, 256 * PAGE), 0);
    check(resident() - before >= 1024);
    check_eq(munlock(p, 256 * PAGE), 0);
    check_eq(mlockall(MCL_CURRENT), 0);
    check(resident() - before >= 4096);
    check_eq(munmap(p, 1024 * PAGE), 0);
    check_fails(ENOMEM, mlock(p, PAGE));
    check_eq(mlockall(MCL_FUTURE), 0);
    before = resident();
    p = mmap(NULL, 512 * PAGE, RW, ANON, -1, 0);
    check(resident() - before >= 2048);
    check_eq(munlockall(), 0);
    munmap(p, 512 * PAGE);
    before = resident();
    p = mmap(NULL, 512 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
    check(resident() - before >= 2048);
    munmap(p, 512 * PAGE);
}

static void
files_without_a_name(void)
{
    int fd = memfd_create("x", 0), other = memfd_create("x", MFD_CLOEXEC);
    char path[40], target[40] = "";
    struct stat st;

    check(fd >= 0 && other >= 0);
    check_eq(fcntl(fd, F_GETFD), 0);
    check_eq(fcntl(other, F_GETFD), FD_CLOEXEC);
    check_eq(ftruncate(fd, 3 * PAGE), 0);
    check_eq(fstat(fd, &st), 0);
    check(S_ISREG(st.st_mode) && st.st_nlink == 0 && st.st_size == 3 * PAGE);
    char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED);
    if (fork() == 0) {
        p[2 * PAGE] = 'x';
        _exit(0);
    }
    wait(NULL);
    check_eq(pread(fd, target, 1, 2 * PAGE), 1);
    check_eq(target[0], 'x');
    check_eq(read(other, target, 1), 0); /* it is another one */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    check(readlink(path, target, sizeof(target) - 1) > 0);
    check(strstr(target, "(deleted)") != NULL);
    munmap(p, 3 * PAGE);
    close(fd);
    close(other);
}

/* What a child returns in which one limit is that low. */
static int
with_limit(int resource, rlim_t soft, int (*run)(void))
{
    int status;

    if (fork() == 0) {
        struct rlimit limit = {soft, soft};
        if (setrlimit(resource, &limit) != 0)
            _exit(100);
        _exit(run());
    }
    check(wait(&status) > 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
map_64_mib(void)
{
    return mmap(NULL, 64 << 20, RW, ANON, -1, 0) == MAP_FAILED ? errno == ENOMEM
                                                               : 2;
}

static int
map_64_mib_to_read(void)
{
    return mmap(NULL, 64 << 20, PROT_READ, ANON, -1, 0) == MAP_FAILED ? 1 : 2;
}

static __attribute__((noinline)) int
recurse(int depth)
{
    volatile char frame[1024];

    frame[0] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + (frame[0] != (char)depth);
}

static int
use_512_kib_of_stack(void)
{
    return recurse(500);
}

static int
use_4_mib_of_stack(void)
{
    return recurse(4000);
}

static int
open_many(void)
{
    int n = 0;

    while (dup(0) >= 0)
        n++;
    return errno == EMFILE && n < 20 ? 1 : 2;
}

static int
fork_as_somebody(void)
{
    if (setuid(12345) != 0)
        return 3;
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pause();
            _exit(0);
        }
        if (pid < 0) {
            kill(0, SIGTERM);
            return errno == EAGAIN ? i : 90;
        }
    }
    return 91;
}

static void
limits(void)
{
    struct rlimit limit;

    check_eq(with_limit(RLIMIT_AS, 32 << 20, map_64_mib), 1);
    check_eq(with_limit(RLIMIT_AS, RLIM_INFINITY, map_64_mib), 2);
    check_eq(with_limit(RLIMIT_DATA, 32 << 20, map_64_mib), 1);
    check_eq(with_limit(RLIMIT_DATA, 32 << 20, map_64_mib_to_read), 2);
    check_eq(with_limit(RLIMIT_STACK, 1 << 20, use_512_kib_of_stack), 0);
    check_eq(with_limit(RLIMIT_STACK, 1 << 20, use_4_mib_of_stack), -SIGSEGV);
    check_eq(with_limit(RLIMIT_STACK, 8 << 20, use_4_mib_of_stack), 0);
    check_eq(with_limit(RLIMIT_NOFILE, 16, open_many), 1);
    check_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    check_eq((long)limit.rlim_cur, 1024);
    limit.rlim_cur = 2000;
    limit.rlim_max = 1000;
    check_fails(EINVAL, setrlimit(RLIMIT_AS, &limit));
    limit.rlim_max = 1 << 20;
    check_fails(EPERM, setrlimit(RLIMIT_NOFILE, &limit));
    check_fails(EINVAL, prlimit(0, 99, NULL, &limit));
    check_fails(ESRCH, prlimit(30000, RLIMIT_AS, NULL, &limit));
}

static void
processes_are_limited(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct rlimit limit = {3, 3};
        setrlimit(RLIMIT_NPROC, &limit);
        /* It is ended with its group, so the result goes by a file. */
        int made = -1, ends[2];
        if (pipe(ends) != 0)
            _exit(99);
        if (fork() == 0) {
            setpgid(0, 0);
            signal(SIGTERM, SIG_IGN);
            made = fork_as_somebody();
            if (write(ends[1], &made, sizeof(made)) < 0)
                _exit(1);
            kill(0, SIGKILL);
        }
        if (read(ends[0], &made, sizeof(made)) != sizeof(made))
            _exit(98);
        wait(NULL);
        _exit(made);
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(WEXITSTATUS(status), 2); /* and itself */
}

/* The line of /proc/self/maps that has the address; "" if there is none. */
static char *
line_of(const void *address)
{
    static char line[256];
    unsigned long start, end, at = (unsigned long)address;
    FILE *maps = fopen("/proc/self/maps", "r");

    check(maps != NULL);
    while (maps && fgets(line, sizeof(line), maps))
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= at &&
            at < end) {
            fclose(maps);
            return line;
        }
    if (maps)
        fclose(maps);
    line[0] = '\0';
    return line;
}

static void
maps_tell_what_is_where(void)
{
    static int data = 1;
    long end;
    int local, fd = open("/tmp/told", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 5 * PAGE);

    check(strstr(line_of(p), " rw-s 00005000 ") != NULL);
    check(strstr(line_of(p), "/tmp/told\n") != NULL);
    check_eq(mprotect(p + PAGE, PAGE, PROT_READ), 0);
    check(strstr(line_of(p + PAGE), " r--s 00006000 ") != NULL);
    check_eq(mprotect(p + PAGE, PAGE, RW), 0); /* one again */
    check(strstr(line_of(p + 2 * PAGE), " rw-s 00005000 ") != NULL);
    munmap(p, 3 * PAGE);
    check(line_of(p)[0] == '\0');
    check(strstr(line_of(&local), "[stack]\n") != NULL);
    check(strstr(line_of(&data), " rw-p ") != NULL);
    check(strstr(line_of((void *)maps_tell_what_is_where), " r-xp ") != NULL);
    end = syscall(SYS_brk, syscall(SYS_brk, 0) + PAGE);
    check(strstr(line_of((char *)end - 1), "[heap]\n") != NULL);
    close(fd);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(mremap_changes_sizes),
        TAP_CASE(mremap_to_a_place),
        TAP_CASE(much_room),
        TAP_CASE(mremap_of_files),
        TAP_CASE(advice),
        TAP_CASE(locked_memory_is_there),
        TAP_CASE(files_without_a_name),
        TAP_CASE(limits),
        TAP_CASE(processes_are_limited),
        TAP_CASE(maps_tell_what_is_where),
    };

    mount("proc", "/proc", "proc", 0, NULL); /* or it is there */
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
