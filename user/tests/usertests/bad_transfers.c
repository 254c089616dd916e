/* Calls that move bytes. */
#include "usertests.h"
#include <sys/uio.h>

static struct iovec to_nowhere[] = {{buffer, 4}, {(void *)8, 4}};
static struct iovec too_much[] = {{buffer, SIZE_MAX / 2},
                                  {buffer, SIZE_MAX / 2}};
static struct iovec fine[] = {{buffer, 4}, {buffer + 4, 4}};

static void
plain(void)
{
    bad(EBADF, read, -1, buffer, 1);
    bad(EBADF, read, FD_NONE, buffer, 1);
    bad(EBADF, read, FD_WRITE, buffer, 1);
    bad(EBADF, read, FD_PATH, buffer, 1);
    bad(EISDIR, read, FD_DIR, buffer, 1);
    bad(EFAULT, pread64, FD_FILE, NO_PAGE, 1, 0);
    bad(EFAULT, pread64, FD_FILE, KERNEL_PAGE, 1, 0);
    bad(EFAULT, pread64, FD_FILE, NO_HALF, 1, 0);
    bad(EFAULT, pread64, FD_FILE, read_only, 1, 0);
    bad(EINVAL, pread64, FD_FILE, buffer, 1, -1);
    bad(ESPIPE, pread64, FD_PIPE_R, buffer, 1, 0);
    bad(EBADF, write, -1, buffer, 1);
    bad(EBADF, write, FD_READ, buffer, 1);
    bad(EBADF, write, FD_DIR, buffer, 1);
    bad(EFAULT, write, FD_FILE, NO_PAGE, 1);
    bad(EFAULT, write, FD_FILE, KERNEL_PAGE, 1);
    bad(EFAULT, write, FD_PIPE_W, NO_PAGE, 1);
    bad(EFAULT, write, FD_PIPE_W, NO_HALF, 1);
    bad(EINVAL, pwrite64, FD_FILE, buffer, 1, -1);
    bad(ESPIPE, pwrite64, FD_PIPE_W, buffer, 1, 0);
    bad(EBADF, pwrite64, FD_READ, buffer, 1, 0);
    bad(EFAULT, pwrite64, FD_FILE, NO_PAGE, 1, 0);
    bad(EBADF, lseek, FD_NONE, 0, SEEK_SET);
    bad(EINVAL, lseek, FD_FILE, -1, SEEK_SET);
    bad(EINVAL, lseek, FD_FILE, 0, 77);
    bad(ESPIPE, lseek, FD_PIPE_R, 0, SEEK_SET);
    bad(ENXIO, lseek, FD_FILE, 1000, 3); /* SEEK_DATA */
}

static void
vectors(void)
{
    bad(EBADF, readv, FD_NONE, fine, 2);
    bad(EFAULT, readv, FD_FILE, NO_PAGE, 1);
    bad(EINVAL, readv, FD_FILE, fine, -1);
    bad(EINVAL, readv, FD_FILE, fine, 1025);
    bad(EBADF, writev, FD_READ, fine, 2);
    bad(EFAULT, writev, FD_FILE, KERNEL_PAGE, 1);
    bad(EINVAL, writev, FD_FILE, fine, 2000);
    bad(EFAULT, writev, FD_FILE, to_nowhere + 1, 1);
    bad(EBADF, preadv, FD_NONE, fine, 2, 0, 0);
    bad(EINVAL, preadv, FD_FILE, fine, 2, -1, -1);
    bad(ESPIPE, preadv, FD_PIPE_R, fine, 2, 0, 0);
    bad(EBADF, pwritev, FD_READ, fine, 2, 0, 0);
    bad(ESPIPE, pwritev, FD_PIPE_W, fine, 2, 0, 0);
    bad(EINVAL, pwritev, FD_FILE, too_much, 1025, 0, 0);
}

static void
between_files(void)
{
    bad(EBADF, sendfile, FD_NONE, FD_READ, NULL, 1);
    bad(EBADF, sendfile, FD_PIPE_W, FD_NONE, NULL, 1);
    bad(EBADF, sendfile, FD_READ, FD_FILE, NULL, 1);
    bad(EFAULT, sendfile, FD_PIPE_W, FD_READ, NO_PAGE, 1);
    bad(EBADF, copy_file_range, FD_NONE, NULL, FD_FILE, NULL, 1, 0);
    bad(EBADF, copy_file_range, FD_READ, NULL, FD_NONE, NULL, 1, 0);
    bad(EBADF, copy_file_range, FD_READ, NULL, FD_READ, NULL, 1, 0);
    bad(EINVAL, copy_file_range, FD_READ, NULL, FD_WRITE, NULL, 1, 1);
    bad(EISDIR, copy_file_range, FD_DIR, NULL, FD_WRITE, NULL, 1, 0);
    bad(EINVAL, copy_file_range, FD_PIPE_R, NULL, FD_WRITE, NULL, 1, 0);
    bad(EFAULT, copy_file_range, FD_READ, NO_PAGE, FD_WRITE, NULL, 1, 0);
    bad(EBADF, getdents64, FD_NONE, buffer, sizeof(buffer));
    bad(ENOTDIR, getdents64, FD_FILE, buffer, sizeof(buffer));
    bad(EFAULT, getdents64, FD_DIR, NO_PAGE, 4096);
    bad(EINVAL, getdents64, FD_DIR, buffer, 1);
}

void
bad_transfers(void)
{
    plain();
    vectors();
    between_files();
}
