/* Files in memory, as glibc's programs map them. */
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define RW   (PROT_READ | PROT_WRITE)

static const char *path = "/tmp/mapped";

/* Makes the file anew, of n pages, each filled with its number and 'a'. */
static int
make_file(int n)
{
    char page[PAGE];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    check(fd >= 0);
    for (int i = 0; i < n; i++) {
        memset(page, 'a' + i, PAGE);
        check_eq(write(fd, page, PAGE), PAGE);
    }
    return fd;
}

static char *
map(int fd, int pages, int prot, int flags)
{
    char *p = mmap(NULL, (size_t)pages * PAGE, prot, flags, fd, 0);

    check(p != MAP_FAILED);
    return p;
}

/* The signal that ends a process which reads, or writes, there. */
static int
signal_of(volatile char *at, bool store)
{
    int status = 0;

    if (fork() == 0) {
        if (store)
            *at = 1;
        else
            (void)*at;
        _exit(0);
    }
    check(wait(&status) > 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static char
byte_of_file(int fd, off_t at)
{
    char byte = 0;

    check_eq(pread(fd, &byte, 1, at), 1);
    return byte;
}

static void
private_maps_keep_to_themselves(void)
{
    int fd = make_file(3);
    char *p = map(fd, 3, RW, MAP_PRIVATE);

    close(fd);
    check_eq(p[0], 'a');
    check_eq(p[3 * PAGE - 1], 'c');
    p[PAGE] = 'X';
    check_eq(p[PAGE + 1], 'b');
    p[0] = 'Y';
    fd = open(path, O_RDWR);
    check_eq(byte_of_file(fd, PAGE), 'b');
    check_eq(byte_of_file(fd, 0), 'a');
    check_eq(pwrite(fd, "n", 1, 2 * PAGE), 1); /* not yet copied */
    check_eq(p[2 * PAGE], 'n');
    check_eq(pwrite(fd, "n", 1, PAGE), 1);
    check_eq(p[PAGE], 'X');
    close(fd);
    check_eq(munmap(p, 3 * PAGE), 0);
}

static void
shared_maps_are_the_file(void)
{
    int fd = make_file(3);
    char *p = map(fd, 3, RW, MAP_SHARED),
         *q = map(fd, 3, PROT_READ, MAP_SHARED);

    p[PAGE] = 'X';
    check_eq(byte_of_file(fd, PAGE), 'X');
    check_eq(q[PAGE], 'X');
    check_eq(pwrite(fd, "w", 1, PAGE + 1), 1);
    check_eq(p[PAGE + 1], 'w');
    if (fork() == 0) {
        p[2] = 'k';
        _exit(0);
    }
    wait(NULL);
    check_eq(p[2], 'k');
    check_eq(byte_of_file(fd, 2), 'k');
    check_eq(munmap(p, 3 * PAGE), 0);
    check_eq(q[2], 'k');
    check_eq(signal_of(q, true), SIGSEGV);
    check_eq(munmap(q, 3 * PAGE), 0);
    close(fd);
}

/* What is clean must be marked as changed before it is written to again. */
static void
writes_after_a_sync_count(void)
{
    int fd = make_file(2);
    char *p = map(fd, 2, RW, MAP_SHARED);

    for (int i = 0; i < 5; i++) {
        p[i] = (char)('0' + i);
        p[PAGE + i] = (char)('5' + i);
        check_eq(i % 2 ? fsync(fd) : msync(p, 2 * PAGE, MS_SYNC), 0);
    }
    p[5] = '!';
    check_eq(munmap(p, 2 * PAGE), 0);
    check_eq(byte_of_file(fd, 5), '!');
    check_eq(byte_of_file(fd, PAGE + 4), '9');
    close(fd);
}

static void
nothing_is_past_the_end(void)
{
    int fd = make_file(1);
    char *p = map(fd, 3, RW, MAP_SHARED), *q = map(fd, 3, RW, MAP_PRIVATE);

    check_eq(ftruncate(fd, 100), 0);
    check_eq(p[99], 'a');
    check_eq(p[100], 0);
    check_eq(signal_of(p + PAGE, false), SIGBUS);
    check_eq(signal_of(p + PAGE, true), SIGBUS);
    check_eq(signal_of(q + PAGE, true), SIGBUS);
    p[200] = 'z'; /* nobody will see it */
    check_eq(ftruncate(fd, 2 * PAGE), 0);
    check_eq(byte_of_file(fd, 200), 0);
    check_eq(p[PAGE], 0);
    p[PAGE] = 'p';
    check_eq(byte_of_file(fd, PAGE), 'p');
    check_fails(EFAULT, (int)write(fd, p + 2 * PAGE, 1));
    check_eq(munmap(p, 3 * PAGE), 0);
    check_eq(munmap(q, 3 * PAGE), 0);
    close(fd);
}

static void
truncation_takes_pages_away(void)
{
    int fd = make_file(3);
    char *p = map(fd, 3, RW, MAP_SHARED), *q = map(fd, 3, RW, MAP_PRIVATE);

    p[2 * PAGE] = q[2 * PAGE + 1] = q[0] = 'x';
    check_eq(p[PAGE] + q[PAGE], 2 * 'b');
    check_eq(ftruncate(fd, PAGE), 0);
    check_eq(q[0], 'x');
    check_eq(signal_of(p + PAGE, false), SIGBUS);
    check_eq(signal_of(p + 2 * PAGE, true), SIGBUS);
    check_eq(signal_of(q + PAGE, false), SIGBUS);
    check_eq(signal_of(q + 2 * PAGE, false), SIGBUS);
    check_eq(ftruncate(fd, 3 * PAGE), 0);
    check_eq(p[2 * PAGE], 0);
    check_eq(q[2 * PAGE + 1], 0);
    munmap(p, 3 * PAGE);
    munmap(q, 3 * PAGE);
    close(fd);
}

/* A file is written out of its own pages, and read into them. */
static void
a_file_into_itself(void)
{
    int fd = make_file(4);
    char *p = map(fd, 4, RW, MAP_SHARED);

    check_eq(pwrite(fd, p, 2 * PAGE, 2 * PAGE), 2 * PAGE);
    check_eq(p[3 * PAGE], 'b');
    munmap(p, 4 * PAGE);
    p = map(fd, 4, RW, MAP_SHARED);
    check_eq(pread(fd, p, 2 * PAGE, PAGE), 2 * PAGE);
    check_eq(p[0], 'b');
    munmap(p, 4 * PAGE);
    p = map(fd, 4, PROT_READ, MAP_PRIVATE);
    check_eq(lseek(fd, 0, SEEK_END), 4 * PAGE);
    check_eq(write(fd, p, 4 * PAGE), 4 * PAGE);
    check_eq(byte_of_file(fd, 7 * PAGE), 'b');
    munmap(p, 4 * PAGE);
    close(fd);
}

static void
forked_copies_part(void)
{
    int fd = make_file(2);
    char *p = map(fd, 2, RW, MAP_PRIVATE);

    p[0] = '1';
    if (fork() == 0) {
        check_eq(p[0], '1');
        p[0] = '2';
        p[PAGE] = '3';
        _exit(p[0] != '2' || p[PAGE] != '3');
    }
    wait(NULL);
    check_eq(p[0], '1');
    check_eq(p[PAGE], 'b');
    munmap(p, 2 * PAGE);
    close(fd);
}

static void
what_cannot_be_mapped(void)
{
    int fd = make_file(1), ro = open(path, O_RDONLY), wo = open(path, O_WRONLY);
    int ends[2];

    check_eq(pipe(ends), 0);
    check(mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0) == MAP_FAILED);
    check_eq(errno, EACCES);
    check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0) == MAP_FAILED);
    check_eq(errno, EACCES);
    check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0) == MAP_FAILED);
    check_eq(errno, ENODEV);
    check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED);
    check_eq(errno, EBADF);
    check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1) == MAP_FAILED);
    check_eq(errno, EINVAL);
    check(mmap(NULL, PAGE, PROT_READ, 0, fd, 0) == MAP_FAILED);
    check_eq(errno, EINVAL);
    char *p = map(ro, 1, PROT_READ, MAP_SHARED);
    check_fails(EACCES, mprotect(p, PAGE, RW));
    munmap(p, PAGE);
    p = map(ro, 1, PROT_READ, MAP_PRIVATE);
    check_eq(mprotect(p, PAGE, RW), 0);
    p[0] = 'x';
    check_eq(byte_of_file(fd, 0), 'a');
    check(mmap(p, PAGE, RW, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0) ==
          MAP_FAILED);
    check_eq(errno, EEXIST);
    check(mmap(p, PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0) == p);
    check_eq(p[0], 'a');
    munmap(p, PAGE);
    close(fd);
    close(ro);
    close(wo);
}

/* More than the cache holds: the mapped pages stay the file's only copy. */
static void
mapped_pages_stay_in_the_cache(void)
{
    enum { PAGES = 64 };
    int fd = make_file(PAGES);
    static char buf[64 * PAGE];

    fsync(fd);
    char *p = map(fd, PAGES, RW, MAP_SHARED);
    for (int i = 0; i < PAGES; i++)
        check_eq(p[i * PAGE], (char)('a' + i));
    int big = open("/tmp/big", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (int i = 0; i < 200; i++) /* 50 MiB */
        if (write(big, buf, sizeof(buf)) < 0)
            break;
    fsync(big);
    for (int i = 0; i < PAGES; i++) {
        p[i * PAGE + 1] = (char)i;
        check_eq(byte_of_file(fd, i * PAGE + 1), (char)i);
    }
    munmap(p, PAGES * PAGE);
    close(big);
    unlink("/tmp/big");
    close(fd);
}

static void
the_same_in_tmpfs(void)
{
    check_eq(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), 0);
    path = "/mnt/mapped";
    private_maps_keep_to_themselves();
    shared_maps_are_the_file();
    nothing_is_past_the_end();
    truncation_takes_pages_away();
    a_file_into_itself();
    unlink(path);
    check_eq(umount("/mnt"), 0);
    path = "/tmp/mapped";
}

/* For test_mmap.py: what is left behind is looked at after another mount. */
static int
leave_behind(const char *file)
{
    path = file;
    int fd = make_file(3);
    char *p = map(fd, 3, RW, MAP_SHARED);

    p[0] = '1';
    fsync(fd);
    p[1] = '2';
    sync();
    p[2] = '3';
    p[PAGE] = '4';
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(private_maps_keep_to_themselves),
        TAP_CASE(shared_maps_are_the_file),
        TAP_CASE(writes_after_a_sync_count),
        TAP_CASE(nothing_is_past_the_end),
        TAP_CASE(truncation_takes_pages_away),
        TAP_CASE(a_file_into_itself),
        TAP_CASE(forked_copies_part),
        TAP_CASE(what_cannot_be_mapped),
        TAP_CASE(mapped_pages_stay_in_the_cache),
        TAP_CASE(the_same_in_tmpfs),
    };

    if (argc > 1)
        return leave_behind(argv[1]);
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
