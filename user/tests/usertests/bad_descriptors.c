/* Calls on descriptors. */
#include "usertests.h"
#include <sys/file.h>

static void
duplicates(void)
{
    bad(EBADF, close, -1);
    bad(EBADF, close, FD_NONE);
    bad(EBADF, close, FD_HUGE);
    bad(EBADF, dup, -1);
    bad(EBADF, dup, FD_NONE);
    bad(EBADF, dup3, FD_NONE, 30, 0);
    bad(EBADF, dup3, FD_FILE, -1, 0);
    bad(EBADF, dup3, FD_FILE, FD_HUGE, 0);
    bad(EINVAL, dup3, FD_FILE, FD_FILE, 0);
    bad(EINVAL, dup3, FD_FILE, 30, 1);
    bad(EINVAL, close_range, 30, 29, 0);
    bad(EINVAL, close_range, 30, 31, 0x100);
    bad(EBADF, fcntl, FD_NONE, F_GETFD);
    bad(EINVAL, fcntl, FD_FILE, 0x7777, 0);
    bad(EINVAL, fcntl, FD_FILE, F_DUPFD, -1);
    bad(EINVAL, fcntl, FD_FILE, F_DUPFD, FD_HUGE);
    bad(EFAULT, pipe2, NO_PAGE, 0);
    bad(EFAULT, pipe2, KERNEL_PAGE, 0);
    bad(EFAULT, pipe2, read_only, 0);
    bad(EINVAL, pipe2, buffer, 0x7);
}

static void
polls(void)
{
    bad(EFAULT, ppoll, NO_PAGE, 1, NULL, NULL, 8);
    bad(EFAULT, ppoll, KERNEL_PAGE, 1, NULL, NULL, 8);
    bad(EINVAL, ppoll, buffer, 1 << 20, NULL, NULL, 8);
    bad(EFAULT, ppoll, NULL, 0, NO_PAGE, NULL, 8);
    bad(EINVAL, ppoll, NULL, 0, too_many_ns, NULL, 8);
    bad(EINVAL, pselect6, -1, NULL, NULL, NULL, NULL, NULL);
    bad(EFAULT, pselect6, 8, NO_PAGE, NULL, NULL, NULL, NULL);
    bad(EINVAL, pselect6, 0, NULL, NULL, NULL, too_many_ns, NULL);
}

static void
controls(void)
{
    bad(EBADF, ioctl, FD_NONE, 0x5401, buffer);
    bad(ENOTTY, ioctl, FD_FILE, 0x5401, buffer);
    bad(ENOTTY, ioctl, FD_DIR, 0x5413, buffer);
    bad(ENOTTY, ioctl, FD_PIPE_R, 0x5401, buffer);
    bad(EFAULT, ioctl, 0, 0x5401, NO_PAGE);
    bad(EFAULT, ioctl, 0, 0x5413, KERNEL_PAGE);
    bad(EBADF, flock, FD_NONE, LOCK_SH);
    bad(EINVAL, flock, FD_FILE, 0);
    bad(EINVAL, flock, FD_FILE, LOCK_SH | LOCK_EX);
    bad(EBADF, fchdir, FD_NONE);
    bad(ENOTDIR, fchdir, FD_FILE);
    bad(EBADF, fsync, -1);
    bad(EBADF, fsync, FD_PATH);
    bad(EINVAL, fsync, FD_PIPE_W);
    bad(EBADF, fdatasync, FD_NONE);
    bad(EINVAL, fdatasync, FD_PIPE_R);
    bad(EBADF, syncfs, FD_NONE);
    bad(EBADF, sync_file_range, FD_NONE, 0, 0, 0);
    bad(EINVAL, sync_file_range, FD_FILE, 0, 0, 8);
    bad(EINVAL, sync_file_range, FD_FILE, -1, 0, 0);
    bad(ESPIPE, sync_file_range, FD_PIPE_W, 0, 0, 2);
    bad(EBADF, readahead, FD_NONE, 0, 1);
    bad(EBADF, readahead, FD_WRITE, 0, 1);
    bad(EINVAL, readahead, FD_PIPE_R, 0, 1);
    bad(EBADF, fadvise64, FD_NONE, 0, 0, 0);
    bad(EINVAL, fadvise64, FD_FILE, 0, 0, 17);
    bad(EINVAL, fadvise64, FD_FILE, 0, -1, 0);
    bad(ESPIPE, fadvise64, FD_PIPE_R, 0, 0, 0);
}

static void
attributes(void)
{
    bad(EBADF, fstat, FD_NONE, buffer);
    bad(EFAULT, fstat, FD_FILE, NO_PAGE);
    bad(EFAULT, fstat, FD_FILE, KERNEL_PAGE);
    bad(EFAULT, fstat, FD_FILE, read_only);
    bad(EFAULT, fstat, FD_PIPE_R, NO_HALF);
    bad(EBADF, fstatfs, FD_NONE, buffer);
    bad(EFAULT, fstatfs, FD_FILE, NO_PAGE);
    bad(EBADF, fchmod, FD_NONE, 0644);
    bad(EBADF, fchmod, FD_PATH, 0644);
    bad(EBADF, fchown, FD_NONE, 0, 0);
    bad(EBADF, fchown, FD_PATH, 0, 0);
    bad(EBADF, ftruncate, FD_NONE, 0);
    bad(EINVAL, ftruncate, FD_READ, 0);
    bad(EINVAL, ftruncate, FD_FILE, -1);
    bad(EINVAL, ftruncate, FD_PIPE_W, 0);
    bad(EBADF, fallocate, FD_NONE, 0, 0, 1);
    bad(EBADF, fallocate, FD_READ, 0, 0, 1);
    bad(EINVAL, fallocate, FD_FILE, 0, 0, 0);
    bad(EINVAL, fallocate, FD_FILE, 0, -1, 1);
    bad(EFBIG, fallocate, FD_FILE, 0, INT64_MAX, 1);
    bad(ESPIPE, fallocate, FD_PIPE_W, 0, 0, 1);
    bad(EOPNOTSUPP, fallocate, FD_FILE, 0x4000, 0, 1);
}

void
bad_descriptors(void)
{
    duplicates();
    polls();
    controls();
    attributes();
}
