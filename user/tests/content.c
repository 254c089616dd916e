/* What is in files: written, cut, copied, locked, in the directory given as
 * argument or in /tmp. The cases hold on Linux. */
#include "../lib/tap.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB 1024

static void *volatile bad = (void *)0x10;
static char block[300 * KIB], copy[300 * KIB];

static int
fresh(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    check(fd >= 0);
    return fd;
}

static off_t
size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_size : -1;
}

static off_t
blocks_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_blocks : -1;
}

/* Whether n bytes from offset on are all that byte. */
static bool
all(int fd, off_t offset, size_t n, char byte)
{
    if (pread(fd, copy, n, offset) != (ssize_t)n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (copy[i] != byte)
            return false;
    return true;
}

static void
writing(void)
{
    int fd = fresh("f");

    check_eq(write(fd, "hello", 5), 5);
    check_eq(lseek(fd, 0, SEEK_CUR), 5);
    check_eq(pwrite(fd, "J", 1, 0), 1);
    check_eq(lseek(fd, 0, SEEK_CUR), 5);
    check_eq(pread(fd, copy, 100, 0), 5);
    check(memcmp(copy, "Jello", 5) == 0);
    check_eq(write(fd, "", 0), 0);
    check_fails(EFAULT, write(fd, bad, 5));
    check_eq(size_of(fd), 5);
    check_fails(EINVAL, pwrite(fd, "x", 1, -1));
    check_fails(EBADF, write(77, "x", 1));
    close(fd);
    fd = open("f", O_RDONLY);
    check_fails(EBADF, write(fd, "x", 1));
    check_fails(EBADF, pwrite(fd, "x", 1, 0));
    close(fd);
    fd = open("f", O_WRONLY);
    check_fails(EBADF, read(fd, copy, 1));
    close(fd);
}

static void
large_files(void)
{
    int fd = fresh("f");

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)(i * 7 + i / 4096);
    for (int i = 0; i < 10; i++)
        check_eq(write(fd, block, sizeof(block)), sizeof(block));
    check_eq(size_of(fd), 10 * (off_t)sizeof(block));
    for (int i = 9; i >= 0; i--) {
        check_eq(pread(fd, copy, sizeof(copy), i * (off_t)sizeof(block)),
                 sizeof(copy));
        check(memcmp(block, copy, sizeof(block)) == 0);
    }
    check_eq(pwrite(fd, block, 10000, 12345), 10000);
    check_eq(pread(fd, copy, 10000, 12345), 10000);
    check(memcmp(block, copy, 10000) == 0);
    check_eq(pread(fd, copy, 100, 10 * (off_t)sizeof(block) - 50), 50);
    check_eq(pread(fd, copy, 100, 10 * (off_t)sizeof(block)), 0);
    close(fd);
}

static void
appending(void)
{
    int fd = fresh("f"), add = open("f", O_WRONLY | O_APPEND);

    check_eq(write(fd, "abc", 3), 3);
    check_eq(write(add, "def", 3), 3);
    check_eq(lseek(add, 0, SEEK_CUR), 6);
    check_eq(lseek(add, 0, SEEK_SET), 0);
    check_eq(write(add, "g", 1), 1);
    check_eq(size_of(fd), 7);
    check_eq(fcntl(fd, F_SETFL, O_APPEND), 0);
    check_eq(write(fd, "h", 1), 1);
    check_eq(pread(fd, copy, 100, 0), 8);
    check(memcmp(copy, "abcdefgh", 8) == 0);
    close(add);
    close(fd);
}

static void
holes(void)
{
    struct stat st;
    int fd = fresh("f");

    check_eq(pwrite(fd, "x", 1, 1000 * KIB), 1);
    check_eq(size_of(fd), 1000 * KIB + 1);
    check(all(fd, 0, sizeof(copy), 0));
    check(all(fd, 1000 * KIB - 5000, 5000, 0));
    check_eq(fstat(fd, &st), 0);
    check(st.st_blocks < 1000);
    check_eq(lseek(fd, 0, SEEK_DATA) >= 0, 1);
    check_eq(lseek(fd, 1000 * KIB, SEEK_DATA), 1000 * KIB);
    check_eq(lseek(fd, 1000 * KIB, SEEK_HOLE), 1000 * KIB + 1);
    check_fails(ENXIO, lseek(fd, 1000 * KIB + 1, SEEK_DATA));
    check_fails(ENXIO, lseek(fd, 1000 * KIB + 1, SEEK_HOLE));
    close(fd);
}

static void
truncating(void)
{
    int fd = fresh("f"), pipes[2];

    memset(block, 'x', 9000);
    check_eq(write(fd, block, 9000), 9000);
    check_eq(ftruncate(fd, 5000), 0);
    check_eq(size_of(fd), 5000);
    check_eq(ftruncate(fd, 100000), 0);
    check_eq(size_of(fd), 100000);
    check(all(fd, 0, 5000, 'x'));
    check(all(fd, 5000, 95000, 0));
    check_eq(truncate("f", 3), 0);
    check_eq(size_of(fd), 3);
    check_eq(lseek(fd, 0, SEEK_CUR), 9000);
    check_eq(write(fd, "y", 1), 1);
    check(all(fd, 3, 8997, 0));
    check_eq(truncate("f", 0), 0);
    check_eq(size_of(fd), 0);
    check_fails(EINVAL, ftruncate(fd, -1));
    check_fails(EINVAL, truncate("f", -1));
    check_fails(EISDIR, truncate(".", 0));
    check_fails(ENOENT, truncate("none", 0));
    check_fails(ENOTDIR, truncate("f/x", 0));
    check_fails(EBADF, ftruncate(77, 0));
    close(fd);
    fd = open("f", O_RDONLY);
    check_fails(EINVAL, ftruncate(fd, 0));
    close(fd);
    check_eq(pipe(pipes), 0);
    check_fails(EINVAL, ftruncate(pipes[1], 0));
    close(pipes[0]);
    close(pipes[1]);
    fd = open("/dev/null", O_RDWR);
    check_fails(EINVAL, ftruncate(fd, 0));
    close(fd);
}

static void
truncating_at_open(void)
{
    int fd = fresh("f");

    check_eq(write(fd, "hello", 5), 5);
    int again = open("f", O_WRONLY | O_TRUNC);
    check_eq(size_of(fd), 0);
    close(again);
    check_eq(lseek(fd, 0, SEEK_CUR), 5);
    close(fd);
}

static void
vectors(void)
{
    char a[3], b[4];
    struct iovec out[] = {{(char *)"abc", 3}, {NULL, 0}, {(char *)"defg", 4}};
    struct iovec in[] = {{a, 3}, {b, 4}};
    int fd = fresh("f");

    check_eq(writev(fd, out, 3), 7);
    check_eq(syscall(SYS_pwritev, fd, out, 3L, 2L, 0L), 7);
    check_eq(size_of(fd), 9);
    check_eq(syscall(SYS_preadv, fd, in, 2L, 1L, 0L), 7);
    check(memcmp(a, "bab", 3) == 0 && memcmp(b, "cdef", 4) == 0);
    check_eq(lseek(fd, 0, SEEK_CUR), 7);
    check_fails(EINVAL, syscall(SYS_preadv, fd, in, 2L, -1L, -1L));
    check_fails(EINVAL, syscall(SYS_pwritev, fd, out, -1L, 0L, 0L));
    close(fd);
}

static void
syncing(void)
{
    int fd = open("f", O_RDWR | O_CREAT | O_SYNC, 0644), pipes[2];

    check_eq(write(fd, "durable", 7), 7);
    check_eq(fsync(fd), 0);
    check_eq(fdatasync(fd), 0);
    check_eq(syncfs(fd), 0);
    sync();
    close(fd);
    fd = open("f", O_RDWR | O_DSYNC);
    check_eq(write(fd, "more", 4), 4);
    close(fd);
    fd = open(".", O_RDONLY);
    check_eq(fsync(fd), 0);
    close(fd);
    check_fails(EBADF, fsync(fd));
    check_fails(EBADF, syncfs(fd));
    check_eq(pipe(pipes), 0);
    check_fails(EINVAL, fsync(pipes[0]));
    check_fails(EINVAL, fdatasync(pipes[0]));
    close(pipes[0]);
    close(pipes[1]);
}

static void
sending(void)
{
    int in = fresh("f"), out = fresh("g"), pipes[2];
    off_t at = 100;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)(i * 3);
    check_eq(write(in, block, sizeof(block)), sizeof(block));
    check_eq(sendfile(out, in, &at, 200 * KIB), 200 * KIB);
    check_eq(at, 200 * KIB + 100);
    check_eq(lseek(in, 0, SEEK_CUR), sizeof(block));
    check_eq(lseek(out, 0, SEEK_CUR), 200 * KIB);
    check_eq(pread(out, copy, 200 * KIB, 0), 200 * KIB);
    check(memcmp(block + 100, copy, 200 * KIB) == 0);
    check_eq(sendfile(out, in, NULL, 10), 0);
    check_eq(lseek(in, 5, SEEK_SET), 5);
    check_eq(pipe(pipes), 0);
    check_eq(sendfile(pipes[1], in, NULL, 10), 10);
    check_eq(lseek(in, 0, SEEK_CUR), 15);
    check_eq(read(pipes[0], copy, 100), 10);
    check(memcmp(block + 5, copy, 10) == 0);
    check_fails(EINVAL, sendfile(out, pipes[0], NULL, 10));
    check_fails(EBADF, sendfile(77, in, NULL, 10));
    check_fails(EBADF, sendfile(out, pipes[1], NULL, 10));
    close(pipes[0]);
    close(pipes[1]);
    check_eq(fcntl(out, F_SETFL, O_APPEND), 0);
    check_fails(EINVAL, sendfile(out, in, NULL, 10));
    close(in);
    close(out);
}

static void
copying_ranges(void)
{
    int in = fresh("f"), out = fresh("g"), dir = open(".", O_RDONLY);
    off_t from = 10, to = 50;

    check_eq(write(in, "0123456789abcdef", 16), 16);
    check_eq(copy_file_range(in, &from, out, &to, 100, 0), 6);
    check_eq(from, 16);
    check_eq(to, 56);
    check_eq(size_of(out), 56);
    check(all(out, 0, 50, 0));
    check_eq(pread(out, copy, 10, 50), 6);
    check(memcmp(copy, "abcdef", 6) == 0);
    check_eq(copy_file_range(in, NULL, out, NULL, 100, 0), 0);
    check_eq(lseek(in, 4, SEEK_SET), 4);
    check_eq(copy_file_range(in, NULL, out, NULL, 3, 0), 3);
    check_eq(lseek(in, 0, SEEK_CUR), 7);
    check_eq(lseek(out, 0, SEEK_CUR), 3);
    from = 0;
    to = 8;
    check_eq(copy_file_range(in, &from, in, &to, 8, 0), 8);
    check_eq(pread(in, copy, 16, 0), 16);
    check(memcmp(copy, "0123456701234567", 16) == 0);
    from = 0;
    to = 4;
    check_fails(EINVAL, copy_file_range(in, &from, in, &to, 5, 0));
    check_fails(EINVAL, copy_file_range(in, &from, out, &to, 5, 1));
    check_fails(EISDIR, copy_file_range(dir, NULL, out, NULL, 5, 0));
    check_eq(fcntl(out, F_SETFL, O_APPEND), 0);
    check_fails(EBADF, copy_file_range(in, &from, out, &to, 5, 0));
    close(dir);
    close(in);
    close(out);
}

static void
reserving(void)
{
    int fd = fresh("f");

    check_eq(write(fd, "abc", 3), 3);
    check_fails(EINVAL, fallocate(fd, 0, 0, 0));
    check_fails(EINVAL, fallocate(fd, 0, -1, 10));
    check_fails(EBADF, fallocate(77, 0, 0, 10));
    check_eq(fallocate(fd, 0, 0, 20000), 0);
    check_eq(size_of(fd), 20000);
    check_eq(pread(fd, copy, 3, 0), 3);
    check(memcmp(copy, "abc", 3) == 0);
    check(all(fd, 3, 19997, 0));
    check_eq(fallocate(fd, 0, 0, 10), 0);
    check_eq(size_of(fd), 20000);
    check_eq(fallocate(fd, 0, 50000, 10), 0);
    check_eq(size_of(fd), 50010);
    check(all(fd, 20000, 30010, 0));
    close(fd);
}

/* Runs in a child; returns its exit status. */
static int
in_child(int (*run)(int arg), int arg)
{
    int status;

    fflush(stdout);
    if (fork() == 0)
        _exit(run(arg));
    wait(&status);
    return status >> 8;
}

/* The errno of locking "f" anew. */
static int
try_lock(int kind)
{
    int fd = open("f", O_RDONLY);
    return flock(fd, kind | LOCK_NB) == 0 ? 0 : errno;
}

static void
locking(void)
{
    int fd = fresh("f"), other = open("f", O_RDONLY), copy_fd = dup(fd);

    check_eq(flock(fd, LOCK_SH), 0);
    check_eq(in_child(try_lock, LOCK_SH), 0);
    check_eq(in_child(try_lock, LOCK_EX), EWOULDBLOCK);
    check_eq(flock(fd, LOCK_EX), 0);
    check_eq(in_child(try_lock, LOCK_SH), EWOULDBLOCK);
    check_fails(EWOULDBLOCK, flock(other, LOCK_EX | LOCK_NB));
    check_eq(flock(copy_fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
    check_eq(in_child(try_lock, LOCK_SH), EWOULDBLOCK);
    close(copy_fd);
    check_eq(in_child(try_lock, LOCK_EX), 0);
    check_eq(flock(other, LOCK_EX), 0);
    check_eq(flock(other, LOCK_UN), 0);
    check_eq(in_child(try_lock, LOCK_EX), 0);
    check_fails(EINVAL, flock(other, 0));
    check_fails(EINVAL, flock(other, LOCK_SH | LOCK_EX));
    check_fails(EBADF, flock(77, LOCK_SH));
    close(other);
}

static void
waiting_for_a_lock(void)
{
    int fd = fresh("f"), pipes[2], status;
    char byte = 0;

    check_eq(pipe(pipes), 0);
    check_eq(flock(fd, LOCK_EX), 0);
    fflush(stdout);
    if (fork() == 0) {
        int own = open("f", O_RDONLY);
        bool ok = write(pipes[1], "w", 1) == 1 && flock(own, LOCK_SH) == 0;
        _exit(!ok || write(pipes[1], "l", 1) != 1);
    }
    check_eq(read(pipes[0], &byte, 1), 1);
    check_eq(byte, 'w');
    check_eq(write(pipes[1], "u", 1), 1);
    check_eq(flock(fd, LOCK_UN), 0);
    check_eq(read(pipes[0], &byte, 1), 1);
    check_eq(byte, 'u');
    check_eq(read(pipes[0], &byte, 1), 1);
    check_eq(byte, 'l');
    wait(&status);
    check_eq(status, 0);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
}

static void
space(void)
{
    struct statfs before, after;
    int fd = fresh("f");

    check_eq(statfs(".", &before), 0);
    check(before.f_blocks >= before.f_bfree && before.f_bfree > 0);
    check(before.f_bsize > 0);
    check_eq(before.f_namelen, 255);
    memset(block, 'x', sizeof(block));
    check_eq(write(fd, block, sizeof(block)), sizeof(block));
    /* What is only in memory counts already. */
    check_eq(fstatfs(fd, &after), 0);
    check(after.f_bfree * after.f_bsize + sizeof(block) <=
          before.f_bfree * before.f_bsize);
    check(blocks_of(fd) >= (off_t)sizeof(block) / 512);
    check_eq(fsync(fd), 0);
    check_eq(fstatfs(fd, &after), 0);
    check(after.f_bfree < before.f_bfree);
    off_t all_blocks = blocks_of(fd);
    check(all_blocks >= (off_t)sizeof(block) / 512);
    check_eq(write(fd, block, 4096), 4096);
    check_eq(ftruncate(fd, sizeof(block)), 0);
    check_eq(blocks_of(fd), all_blocks);
    check_eq(ftruncate(fd, 0), 0);
    check(blocks_of(fd) <= 8);
    /* What is given up is free at once. */
    check_eq(fstatfs(fd, &after), 0);
    check(after.f_bfree + 8 >= before.f_bfree);
    check_eq(after.f_type, before.f_type);
    close(fd);
}

static int
append_lines(int number)
{
    char line[] = "x0123456789abcde\n";
    int fd = open("f", O_WRONLY | O_APPEND);

    line[0] = (char)('a' + number);
    for (int i = 0; i < 500; i++)
        if (write(fd, line, 17) != 17)
            return 1;
    return 0;
}

static void
appending_at_once(void)
{
    int fd = fresh("f"), status, counts[4] = {0};

    fflush(stdout);
    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            _exit(append_lines(i));
    for (int i = 0; i < 4; i++) {
        wait(&status);
        check_eq(status, 0);
    }
    check_eq(size_of(fd), 4 * 500 * 17);
    check_eq(pread(fd, copy, 34000, 0), 34000);
    for (int i = 0; i < 34000; i += 17) {
        check(memcmp(copy + i + 1, "0123456789abcde\n", 16) == 0);
        counts[(copy[i] - 'a') & 3]++;
    }
    for (int i = 0; i < 4; i++)
        check_eq(counts[i], 500);
    close(fd);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(writing),
        TAP_CASE(large_files),
        TAP_CASE(appending),
        TAP_CASE(holes),
        TAP_CASE(truncating),
        TAP_CASE(truncating_at_open),
        TAP_CASE(vectors),
        TAP_CASE(syncing),
        TAP_CASE(sending),
        TAP_CASE(copying_ranges),
        TAP_CASE(reserving),
        TAP_CASE(locking),
        TAP_CASE(waiting_for_a_lock),
        TAP_CASE(space),
        TAP_CASE(appending_at_once),
    };

    umask(022);
    if (chdir(argc > 1 ? argv[1] : "/tmp") || mkdir("t.content", 0755) ||
        chdir("t.content")) {
        perror("t.content");
        return 1;
    }
    int status = tap_run(cases, sizeof(cases) / sizeof(cases[0]));
    unlink("f");
    unlink("g");
    return chdir("..") || rmdir("t.content") ? 1 : status;
}
