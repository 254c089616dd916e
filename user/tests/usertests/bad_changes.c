/* Calls that change names and what belongs to them. */
#include "usertests.h"
#include <sys/mount.h>
#include <sys/stat.h>

static void
making(void)
{
    bad(EEXIST, mkdirat, AT_FDCWD, DIR_NAME, 0755);
    bad(EEXIST, mkdirat, AT_FDCWD, LOST_NAME, 0755);
    bad(ENOENT, mkdirat, AT_FDCWD, NO_NAME "/x", 0755);
    bad(ENOTDIR, mkdirat, AT_FDCWD, FILE_NAME "/x", 0755);
    bad(ENAMETOOLONG, mkdirat, AT_FDCWD, long_name, 0755);
    bad(EFAULT, mkdirat, AT_FDCWD, NO_PAGE, 0755);
    bad(EBADF, mkdirat, FD_NONE, "new", 0755);
    bad(ENOTDIR, mkdirat, FD_FILE, "new", 0755);
    bad(EEXIST, mkdirat, AT_FDCWD, "/", 0755);
    bad(EEXIST, mkdirat, AT_FDCWD, ".", 0755);
    bad(EEXIST, mknodat, AT_FDCWD, FILE_NAME, S_IFREG | 0644, 0);
    bad(EPERM, mknodat, AT_FDCWD, "new", S_IFDIR | 0755, 0);
    bad(EINVAL, mknodat, AT_FDCWD, "new", S_IFLNK | 0755, 0);
    bad(EFAULT, mknodat, AT_FDCWD, NO_PAGE, S_IFREG | 0644, 0);
    bad(EEXIST, symlinkat, "target", AT_FDCWD, FILE_NAME);
    bad(ENOENT, symlinkat, "", AT_FDCWD, "new");
    bad(EFAULT, symlinkat, NO_PAGE, AT_FDCWD, "new");
    bad(EFAULT, symlinkat, "target", AT_FDCWD, NO_PAGE);
    bad(EBADF, symlinkat, "target", FD_NONE, "new");
    bad(ENAMETOOLONG, symlinkat, long_path, AT_FDCWD, "new");
    bad(EEXIST, linkat, AT_FDCWD, FILE_NAME, AT_FDCWD, LINK_NAME, 0);
    bad(ENOENT, linkat, AT_FDCWD, NO_NAME, AT_FDCWD, "new", 0);
    bad(EPERM, linkat, AT_FDCWD, DIR_NAME, AT_FDCWD, "new", 0);
    bad(EINVAL, linkat, AT_FDCWD, FILE_NAME, AT_FDCWD, "new", 0x77);
    bad(EFAULT, linkat, AT_FDCWD, FILE_NAME, AT_FDCWD, NO_PAGE, 0);
    bad(EXDEV, linkat, AT_FDCWD, "/dev/null", AT_FDCWD, "new", 0);
    bad(EBADF, linkat, FD_NONE, FILE_NAME, AT_FDCWD, "new", 0);
}

static void
taking_away(void)
{
    bad(ENOENT, unlinkat, AT_FDCWD, NO_NAME, 0);
    bad(EISDIR, unlinkat, AT_FDCWD, DIR_NAME, 0);
    bad(ENOTDIR, unlinkat, AT_FDCWD, FILE_NAME, AT_REMOVEDIR);
    bad(ENOTEMPTY, unlinkat, AT_FDCWD, FULL_NAME, AT_REMOVEDIR);
    bad(EINVAL, unlinkat, AT_FDCWD, DIR_NAME "/.", AT_REMOVEDIR);
    bad(ENOTEMPTY, unlinkat, AT_FDCWD, DIR_NAME "/..", AT_REMOVEDIR);
    bad(EBUSY, unlinkat, AT_FDCWD, "/", AT_REMOVEDIR);
    bad(EINVAL, unlinkat, AT_FDCWD, FILE_NAME, 1);
    bad(EFAULT, unlinkat, AT_FDCWD, NO_PAGE, 0);
    bad(EBADF, unlinkat, FD_NONE, FILE_NAME, 0);
    bad(ENOENT, renameat2, AT_FDCWD, NO_NAME, AT_FDCWD, "new", 0);
    bad(EEXIST, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, LINK_NAME, 1);
    bad(ENOENT, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, NO_NAME, 2);
    bad(EINVAL, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, "new", 3);
    bad(EINVAL, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, "new", 0x40);
    bad(EINVAL, renameat2, AT_FDCWD, DIR_NAME, AT_FDCWD, DIR_NAME "/x", 0);
    bad(EISDIR, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, DIR_NAME, 0);
    bad(ENOTDIR, renameat2, AT_FDCWD, DIR_NAME, AT_FDCWD, FILE_NAME, 0);
    bad(ENOTEMPTY, renameat2, AT_FDCWD, DIR_NAME, AT_FDCWD, FULL_NAME, 0);
    bad(EXDEV, renameat2, AT_FDCWD, FILE_NAME, AT_FDCWD, "/dev/x", 0);
    bad(EBUSY, renameat2, AT_FDCWD, ".", AT_FDCWD, "new", 0);
    bad(EFAULT, renameat2, AT_FDCWD, NO_PAGE, AT_FDCWD, "new", 0);
    bad(EBADF, renameat2, FD_NONE, FILE_NAME, AT_FDCWD, "new", 0);
}

static void
changing(void)
{
    bad(ENOENT, fchmodat, AT_FDCWD, NO_NAME, 0644);
    bad(EFAULT, fchmodat, AT_FDCWD, NO_PAGE, 0644);
    bad(EBADF, fchmodat, FD_NONE, FILE_NAME, 0644);
    bad(EINVAL, fchmodat2, AT_FDCWD, FILE_NAME, 0644, 1);
    bad(ENOENT, fchmodat2, AT_FDCWD, NO_NAME, 0644, 0);
    bad(EOPNOTSUPP, fchmodat2, AT_FDCWD, LINK_NAME, 0644, AT_SYMLINK_NOFOLLOW);
    bad(ENOENT, fchownat, AT_FDCWD, NO_NAME, 0, 0, 0);
    bad(EINVAL, fchownat, AT_FDCWD, FILE_NAME, 0, 0, 1);
    bad(EFAULT, fchownat, AT_FDCWD, KERNEL_PAGE, 0, 0, 0);
    bad(EBADF, fchownat, FD_NONE, FILE_NAME, 0, 0, 0);
    bad(ENOENT, utimensat, AT_FDCWD, NO_NAME, NULL, 0);
    bad(EFAULT, utimensat, AT_FDCWD, FILE_NAME, NO_PAGE, 0);
    bad(EINVAL, utimensat, AT_FDCWD, FILE_NAME, NULL, 1);
    bad(EBADF, utimensat, FD_NONE, FILE_NAME, NULL, 0);
}

static void
mounting(void)
{
    bad(EFAULT, mount, "none", NO_PAGE, "tmpfs", 0, NULL);
    bad(ENOENT, mount, "none", NO_NAME, "tmpfs", 0, NULL);
    bad(ENOTDIR, mount, "none", FILE_NAME, "tmpfs", 0, NULL);
    bad(ENODEV, mount, "none", DIR_NAME, "nofs", 0, NULL);
    bad(EFAULT, mount, "none", DIR_NAME, NO_PAGE, 0, NULL);
    bad(ENOENT, umount2, NO_NAME, 0);
    bad(EINVAL, umount2, DIR_NAME, 0);
    bad(EFAULT, umount2, NO_PAGE, 0);
    bad(EINVAL, umount2, "/", 0x4000);
}

void
bad_changes(void)
{
    making();
    taking_away();
    changing();
    mounting();
}
