/* The calls on descriptors and bytes do what they are for. */
#include "usertests.h"
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void
duplicates_share_position(void)
{
    long copy = call(dup, FD_READ), third;

    check(copy >= 0);
    check_eq(call(lseek, FD_READ, 4, SEEK_SET), 4);
    check_eq(call(read, copy, buffer, 1), 1);
    check_eq(buffer[0], '4');
    check_eq(call(lseek, FD_READ, 0, SEEK_CUR), 5);
    third = call(dup3, FD_READ, 40, O_CLOEXEC);
    check_eq(third, 40);
    check_eq(call(fcntl, third, F_GETFD, 0), FD_CLOEXEC);
    check_eq(call(close, copy), 0);
    check_fails(EBADF, call(close, copy));
    check_eq(call(close, third), 0);
}

static void
ranges_of_descriptors(void)
{
    for (int fd = 50; fd < 60; fd++)
        check_eq(call(dup3, FD_NULL, fd, 0), fd);
    check_eq(call(close_range, 52, 54, 4), 0); /* CLOSE_RANGE_CLOEXEC */
    check_eq(call(fcntl, 52, F_GETFD, 0), FD_CLOEXEC);
    check_eq(call(fcntl, 55, F_GETFD, 0), 0);
    check_eq(call(close_range, 50, 57, 0), 0);
    check_fails(EBADF, call(fcntl, 57, F_GETFD, 0));
    check_eq(call(close_range, 58, ~0u, 0), 0);
    check_fails(EBADF, call(fcntl, 59, F_GETFD, 0));
    check_eq(call(fcntl, FD_NULL, F_GETFD, 0), 0);
}

static void
bytes_come_back(void)
{
    struct iovec two[2] = {{buffer, 3}, {buffer + 100, 4}};

    check_eq(call(pwrite64, FD_FILE, "abc", 3, 10), 3);
    check_eq(call(pread64, FD_FILE, buffer, 8, 7), 6);
    check(memcmp(buffer, "789abc", 6) == 0);
    check_eq(call(lseek, FD_FILE, 0, SEEK_SET), 0);
    check_eq(call(readv, FD_FILE, two, 2), 7);
    check(memcmp(buffer, "012", 3) == 0 &&
          memcmp(buffer + 100, "3456", 4) == 0);
    check_eq(call(preadv, FD_FILE, two, 2, 1, 0), 7);
    check(memcmp(buffer, "123", 3) == 0);
    check_eq(call(pwritev, FD_FILE, two, 2, 20, 0), 7);
    check_eq(call(lseek, FD_FILE, 0, SEEK_END), 27);
    check_eq(call(writev, FD_FILE, two, 1), 3);
    check_eq(call(ftruncate, FD_FILE, 10), 0);
    check_eq(call(lseek, FD_FILE, 0, SEEK_END), 10);
    check_eq(call(truncate, FILE_NAME, 12), 0);
    check_eq(call(pread64, FD_FILE, buffer, 8, 10), 2);
    check_eq(buffer[0], 0);
    check_eq(call(ftruncate, FD_FILE, 10), 0);
}

static void
pipes_carry_bytes(void)
{
    int ends[2];
    long offset = 2;

    check_eq(call(write, FD_PIPE_W, "through", 7), 7);
    check_eq(call(read, FD_PIPE_R, buffer, 100), 7);
    check(memcmp(buffer, "through", 7) == 0);
    check_eq(call(pipe2, ends, O_NONBLOCK | O_CLOEXEC), 0);
    check_eq(call(fcntl, ends[0], F_GETFD, 0), FD_CLOEXEC);
    check_fails(EAGAIN, call(read, ends[0], buffer, 1));
    check_eq(call(sendfile, ends[1], FD_READ, &offset, 3), 3);
    check_eq(offset, 5);
    check_eq(call(read, ends[0], buffer, 100), 3);
    check(memcmp(buffer, "234", 3) == 0);
    check_eq(call(close, ends[1]), 0);
    check_eq(call(read, ends[0], buffer, 1), 0);
    check_eq(call(close, ends[0]), 0);
}

static void
files_are_copied(void)
{
    long from = 0, to = call(openat, AT_FDCWD, "copy", O_CREAT | O_RDWR, 0600);

    check(to >= 0);
    check_eq(call(copy_file_range, FD_READ, &from, to, NULL, 100, 0), 10);
    check_eq(from, 10);
    check_eq(call(pread64, to, buffer, 100, 0), 10);
    check_eq(call(fallocate, to, 0, 0, 8192), 0);
    check_eq(call(lseek, to, 0, SEEK_END), 8192);
    check_eq(call(fsync, to), 0);
    check_eq(call(fdatasync, to), 0);
    check_eq(call(syncfs, to), 0);
    check_eq(call(sync_file_range, to, 0, 4096, 7), 0);
    check_eq(call(sync), 0);
    check_eq(call(readahead, to, 0, 4096), 0);
    check_eq(call(fadvise64, to, 0, 0, 3), 0);
    check_eq(call(close, to), 0);
    check_eq(call(unlinkat, AT_FDCWD, "copy", 0), 0);
}

static void
stats_agree(void)
{
    struct stat one, two;
    uint32_t x[64];

    check_eq(call(fstat, FD_FILE, &one), 0);
    check_eq(call(newfstatat, AT_FDCWD, LINK_NAME, &two, 0), 0);
    check(one.st_ino == two.st_ino && one.st_size == 10);
    check_eq(call(newfstatat, AT_FDCWD, LINK_NAME, &two, AT_SYMLINK_NOFOLLOW),
             0);
    check(S_ISLNK(two.st_mode) && two.st_size == 4);
    check_eq(call(newfstatat, FD_DIR, "", &two, 0x1000), 0);
    check(S_ISDIR(two.st_mode));
    check_eq(call(statx, AT_FDCWD, FILE_NAME, 0, 0x7ff, x), 0);
    check_eq(x[10], 10); /* stx_size */
    check_eq(call(statfs, "/", buffer), 0);
    check_eq(call(fstatfs, FD_FILE, buffer + 1000), 0);
    check(memcmp(buffer, buffer + 1000, 24) == 0);
}

static void
flags_are_kept(void)
{
    check_eq(call(fcntl, FD_PIPE_R, F_GETFL, 0) & O_ACCMODE, O_RDONLY);
    check_eq(call(fcntl, FD_PIPE_R, F_SETFL, O_NONBLOCK), 0);
    check_fails(EAGAIN, call(read, FD_PIPE_R, buffer, 1));
    check_eq(call(fcntl, FD_PIPE_R, F_SETFL, 0), 0);
    check_eq(call(fcntl, FD_FILE, F_DUPFD_CLOEXEC, 70), 70);
    check_eq(call(fcntl, 70, F_SETFD, 0), 0);
    check_eq(call(flock, 70, LOCK_EX), 0);
    check_fails(EAGAIN, call(flock, FD_READ, LOCK_SH | LOCK_NB));
    check_eq(call(close, 70), 0);
    check_eq(call(flock, FD_FILE, LOCK_UN), 0);
    check_eq(call(flock, FD_READ, LOCK_SH | LOCK_NB), 0);
    check_eq(call(flock, FD_READ, LOCK_UN), 0);
    check_fails(ENOTTY, call(ioctl, FD_NULL, 0x5401, buffer));
    check_eq(call(ioctl, FD_PIPE_R, 0x5451, 0), 0); /* FIOCLEX */
}

static void
polls_see_bytes(void)
{
    struct {
        int fd;
        short events, revents;
    } wait[2] = {{FD_PIPE_R, 1, 0}, {FD_PIPE_W, 4, 0}}; /* POLLIN, POLLOUT */
    uint64_t set = 1ul << FD_PIPE_R, none[2] = {0, 0};

    check_eq(call(ppoll, wait, 2, none, NULL, 8), 1);
    check(wait[0].revents == 0 && wait[1].revents == 4);
    check_eq(call(pselect6, FD_PIPE_R + 1, &set, NULL, NULL, none, NULL), 0);
    check_eq(call(write, FD_PIPE_W, "x", 1), 1);
    check_eq(call(ppoll, wait, 1, NULL, NULL, 8), 1);
    check_eq(wait[0].revents, 1);
    set = 1ul << FD_PIPE_R;
    check_eq(call(pselect6, FD_PIPE_R + 1, &set, NULL, NULL, NULL, NULL), 1);
    check_eq(set, 1ul << FD_PIPE_R);
    check_eq(call(read, FD_PIPE_R, buffer, 9), 1);
}

void
good_files(void)
{
    good(duplicates_share_position);
    good(ranges_of_descriptors);
    good(bytes_come_back);
    good(pipes_carry_bytes);
    good(polls_see_bytes);
    good(files_are_copied);
    good(stats_agree);
    good(flags_are_kept);
}
