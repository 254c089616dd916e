/* Paths, as every call that takes one must look at them; and calls that only
 * look. */
#include "usertests.h"

/* What is wrong with a path is found by each call alike. */
#define bad_path(name, before, ...)                                \
    do {                                                           \
        bad(EFAULT, name, before, NO_PAGE, ##__VA_ARGS__);         \
        bad(EFAULT, name, before, KERNEL_PAGE, ##__VA_ARGS__);     \
        bad(ENAMETOOLONG, name, before, long_path, ##__VA_ARGS__); \
        bad(ENAMETOOLONG, name, before, long_name, ##__VA_ARGS__); \
        bad(ENOENT, name, before, NO_NAME, ##__VA_ARGS__);         \
        bad(ENOENT, name, before, NO_NAME "/x", ##__VA_ARGS__);    \
        bad(ENOTDIR, name, before, FILE_NAME "/x", ##__VA_ARGS__); \
        bad(ELOOP, name, before, LOOP_NAME "/x", ##__VA_ARGS__);   \
    } while (0)

static void
looking(void)
{
    bad_path(openat, AT_FDCWD, O_RDONLY);
    bad_path(faccessat, AT_FDCWD, 0);
    bad_path(faccessat2, AT_FDCWD, 0, 0);
    bad_path(newfstatat, AT_FDCWD, buffer, 0);
    bad_path(statx, AT_FDCWD, 0, 0x7ff, buffer);
    bad_path(readlinkat, AT_FDCWD, buffer, 100);

    bad(EBADF, openat, FD_NONE, FILE_NAME, O_RDONLY);
    bad(ENOTDIR, openat, FD_FILE, FILE_NAME, O_RDONLY);
    bad(ENOENT, openat, AT_FDCWD, "", O_RDONLY);
    bad(EISDIR, openat, AT_FDCWD, DIR_NAME, O_RDWR);
    bad(EISDIR, openat, AT_FDCWD, DIR_NAME, O_CREAT | O_RDONLY);
    bad(ENOTDIR, openat, AT_FDCWD, FILE_NAME, O_DIRECTORY);
    bad(EEXIST, openat, AT_FDCWD, FILE_NAME, O_CREAT | O_EXCL, 0644);
    bad(EEXIST, openat, AT_FDCWD, LOST_NAME, O_CREAT | O_EXCL, 0644);
    bad(ELOOP, openat, AT_FDCWD, LINK_NAME, O_NOFOLLOW);
    bad(ELOOP, openat, AT_FDCWD, LOOP_NAME, O_RDONLY);
    bad(ENXIO, openat, AT_FDCWD, FIFO_NAME, O_WRONLY | O_NONBLOCK);
    bad(ENOTDIR, openat, AT_FDCWD, FILE_NAME "/", O_RDONLY);

    bad(EBADF, faccessat, FD_NONE, FILE_NAME, 0);
    bad(EINVAL, faccessat, AT_FDCWD, FILE_NAME, 8);
    bad(EINVAL, faccessat2, AT_FDCWD, FILE_NAME, 0, 0x8000);
    bad(EACCES, faccessat2, AT_FDCWD, FILE_NAME, 1, 0);
    bad(EBADF, newfstatat, FD_NONE, FILE_NAME, buffer, 0);
    bad(EFAULT, newfstatat, AT_FDCWD, FILE_NAME, NO_PAGE, 0);
    bad(EFAULT, newfstatat, AT_FDCWD, FILE_NAME, read_only, 0);
    bad(EINVAL, newfstatat, AT_FDCWD, FILE_NAME, buffer, 1);
    bad(ENOENT, newfstatat, AT_FDCWD, "", buffer, 0);
    bad(EFAULT, statx, AT_FDCWD, FILE_NAME, 0, 0x7ff, NO_PAGE);
    bad(EINVAL, statx, AT_FDCWD, FILE_NAME, 1, 0x7ff, buffer);
    bad(EINVAL, readlinkat, AT_FDCWD, FILE_NAME, buffer, 100);
    bad(EINVAL, readlinkat, AT_FDCWD, LINK_NAME, buffer, 0);
    bad(EFAULT, readlinkat, AT_FDCWD, LINK_NAME, NO_PAGE, 100);
    bad(EBADF, readlinkat, FD_NONE, LINK_NAME, buffer, 100);
}

static void
one_path(void)
{
    bad(EFAULT, chdir, NO_PAGE);
    bad(ENOENT, chdir, "");
    bad(ENOENT, chdir, NO_NAME);
    bad(ENOTDIR, chdir, FILE_NAME);
    bad(ENAMETOOLONG, chdir, long_path);
    bad(EFAULT, chroot, KERNEL_PAGE);
    bad(ENOENT, chroot, NO_NAME);
    bad(ENOTDIR, chroot, FILE_NAME);
    bad(EFAULT, statfs, NO_PAGE, buffer);
    bad(ENOENT, statfs, NO_NAME, buffer);
    bad(EFAULT, statfs, FILE_NAME, KERNEL_PAGE);
    bad(EFAULT, truncate, NO_PAGE, 0);
    bad(ENOENT, truncate, NO_NAME, 0);
    bad(EISDIR, truncate, DIR_NAME, 0);
    bad(EINVAL, truncate, FILE_NAME, -1);
    bad(ERANGE, getcwd, buffer, 1);
    bad(EFAULT, getcwd, NO_PAGE, 4096);
    bad(EFAULT, getcwd, read_only, 4096);
}

void
bad_paths(void)
{
    looking();
    one_path();
}
