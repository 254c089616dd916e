/* The calls on names and attributes do what they are for. */
#include "usertests.h"
#include <dirent.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

static void
names_come_and_go(void)
{
    check_eq(call(mkdirat, AT_FDCWD, "new", 0755), 0);
    check_eq(call(mknodat, AT_FDCWD, "new/fifo", S_IFIFO | 0600, 0), 0);
    check_eq(call(symlinkat, "../file", AT_FDCWD, "new/link"), 0);
    check_eq(call(linkat, AT_FDCWD, FILE_NAME, AT_FDCWD, "new/hard", 0), 0);
    check_eq(call(readlinkat, AT_FDCWD, "new/link", buffer, 100), 7);
    check(memcmp(buffer, "../file", 7) == 0);
    check_eq(call(renameat2, AT_FDCWD, "new/hard", AT_FDCWD, "new/link", 2), 0);
    check_eq(call(readlinkat, AT_FDCWD, "new/hard", buffer, 100), 7);
    check_fails(EEXIST,
                call(renameat2, AT_FDCWD, "new/hard", AT_FDCWD, "new/link", 1));
    check_eq(call(renameat2, AT_FDCWD, "new/hard", AT_FDCWD, "new/x", 0), 0);
    check_eq(call(unlinkat, AT_FDCWD, "new/x", 0), 0);
    check_eq(call(unlinkat, AT_FDCWD, "new/link", 0), 0);
    check_eq(call(unlinkat, AT_FDCWD, "new/fifo", 0), 0);
    check_eq(call(unlinkat, AT_FDCWD, "new", AT_REMOVEDIR), 0);
}

static void
directories_are_listed(void)
{
    long dir = call(openat, AT_FDCWD, FULL_NAME, O_RDONLY | O_DIRECTORY);
    long n = call(getdents64, dir, buffer, sizeof(buffer));
    unsigned seen = 0;

    check(n > 0);
    for (long at = 0; at < n;) {
        const struct dirent *entry = (const void *)(buffer + at);
        seen += strcmp(entry->d_name, "inside") == 0;
        at += entry->d_reclen;
    }
    check_eq(seen, 1);
    check_eq(call(getdents64, dir, buffer, sizeof(buffer)), 0);
    check_eq(call(close, dir), 0);
}

static void
attributes_are_kept(void)
{
    struct timespec times[2] = {{1000, 0}, {2000, 0}};
    struct stat st;

    check_eq(call(fchmodat, AT_FDCWD, FILE_NAME, 0640), 0);
    check_eq(call(fstat, FD_FILE, &st), 0);
    check_eq(st.st_mode & 07777, 0640);
    check_eq(call(fchmod, FD_FILE, 0600), 0);
    check_eq(call(fchmodat2, AT_FDCWD, FILE_NAME, 0644, 0), 0);
    check_eq(call(fchownat, AT_FDCWD, FILE_NAME, 5, 6, 0), 0);
    check_eq(call(fstat, FD_FILE, &st), 0);
    check(st.st_uid == 5 && st.st_gid == 6 && (st.st_mode & 07777) == 0644);
    check_eq(call(fchown, FD_FILE, 0, 0), 0);
    check_eq(call(utimensat, AT_FDCWD, FILE_NAME, times, 0), 0);
    check_eq(call(fstat, FD_FILE, &st), 0);
    check(st.st_atime == 1000 && st.st_mtime == 2000);
    check_eq(call(faccessat, AT_FDCWD, FILE_NAME, R_OK | W_OK), 0);
    check_eq(call(faccessat2, AT_FDCWD, FILE_NAME, R_OK, 0x200), 0);
    call(umask, 0);
    check_eq(call(umask, 027), 0);
    check_eq(call(umask, 0), 027);
}

static void
directories_are_changed(void)
{
    check_eq(call(chdir, DIR_NAME), 0);
    check_eq(call(getcwd, buffer, sizeof(buffer)),
             sizeof("/tmp/usertests/dir"));
    check(strcmp(buffer, "/tmp/usertests/dir") == 0);
    check_eq(call(chdir, ".."), 0);
    check_eq(call(fchdir, FD_DIR), 0);
    check_eq(call(chdir, ".."), 0);
    check_eq(call(faccessat, AT_FDCWD, FILE_NAME, 0), 0);
}

static void
file_systems_are_mounted(void)
{
    check_eq(call(mount, "none", DIR_NAME, "tmpfs", 0, NULL), 0);
    check_eq(call(mknodat, AT_FDCWD, DIR_NAME "/x", S_IFREG | 0644, 0), 0);
    check_fails(EBUSY, call(unlinkat, AT_FDCWD, DIR_NAME, AT_REMOVEDIR));
    check_eq(call(umount2, DIR_NAME, 0), 0);
    check_fails(ENOENT, call(faccessat, AT_FDCWD, DIR_NAME "/x", 0));
}

static void
leave_for_full(void)
{
    check_eq(call(chroot, FULL_NAME), 0);
    check_eq(call(chdir, "/"), 0);
    check_eq(call(faccessat, AT_FDCWD, "../inside", F_OK), 0);
    check_fails(ENOENT, call(faccessat, AT_FDCWD, "/proc", F_OK));
}

static void
roots_are_left(void)
{
    in_child(leave_for_full);
}

void
good_changes(void)
{
    good(names_come_and_go);
    good(directories_are_listed);
    good(attributes_are_kept);
    good(directories_are_changed);
    good(file_systems_are_mounted);
    good(roots_are_left);
}
