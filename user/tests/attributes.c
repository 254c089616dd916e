/* What files say of themselves, and who may change it, in the directory given
 * as argument or in /tmp. The cases hold on Linux, for user 0. */
#include "../lib/tap.h"
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *volatile bad = (void *)0x10;

static struct stat
stat_of(const char *path)
{
    struct stat st = {.st_mode = 0};
    check_eq(lstat(path, &st), 0);
    return st;
}

static unsigned
mode_of(const char *path)
{
    return stat_of(path).st_mode & 07777;
}

static void
fresh(const char *path)
{
    close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

static long
chmod2(const char *path, unsigned mode, unsigned flags)
{
    return syscall(452, AT_FDCWD, path, mode, flags);
}

static void
modes(void)
{
    fresh("f");
    check_eq(chmod("f", 0600), 0);
    check_eq(mode_of("f"), 0600);
    check_eq(chmod("f", 0107755), 0);
    check_eq(mode_of("f"), 07755);
    check(S_ISREG(stat_of("f").st_mode));
    int fd = open("f", O_RDONLY);
    check_eq(fchmod(fd, 0444), 0);
    check_eq(mode_of("f"), 0444);
    close(fd);
    check_eq(symlink("f", "l"), 0);
    check_eq(chmod("l", 0640), 0);
    check_eq(mode_of("f"), 0640);
    check_eq(chmod2("f", 0600, 0), 0);
    check_eq(mode_of("f"), 0600);
    check_fails(EOPNOTSUPP, chmod2("l", 0600, AT_SYMLINK_NOFOLLOW));
    check_fails(EINVAL, chmod2("f", 0600, 1));
    check_fails(ENOENT, chmod("none", 0600));
    check_fails(ENOTDIR, chmod("f/x", 0600));
    check_fails(EFAULT, chmod(bad, 0600));
    check_fails(EBADF, fchmod(77, 0600));
    check_fails(EBADF, fchmodat(77, "f", 0600, 0));
    unlink("l");
    unlink("f");
}

static void
owners(void)
{
    fresh("f");
    check_eq(chown("f", 3, 4), 0);
    check_eq(stat_of("f").st_uid, 3);
    check_eq(stat_of("f").st_gid, 4);
    check_eq(chown("f", (uid_t)-1, 5), 0);
    check_eq(stat_of("f").st_uid, 3);
    check_eq(stat_of("f").st_gid, 5);
    int fd = open("f", O_RDONLY);
    check_eq(fchown(fd, 6, (gid_t)-1), 0);
    check_eq(stat_of("f").st_uid, 6);
    check_eq(fchownat(fd, "", 7, 7, AT_EMPTY_PATH), 0);
    check_eq(stat_of("f").st_uid, 7);
    close(fd);
    check_eq(symlink("f", "l"), 0);
    check_eq(lchown("l", 8, 8), 0);
    check_eq(stat_of("f").st_uid, 7);
    check_eq(stat_of("l").st_uid, 8);
    check_eq(chown("l", 9, 9), 0);
    check_eq(stat_of("f").st_uid, 9);
    check_fails(ENOENT, chown("none", 0, 0));
    check_fails(EINVAL, fchownat(AT_FDCWD, "f", 0, 0, 1));
    check_fails(EBADF, fchown(77, 0, 0));
    unlink("l");
    unlink("f");
}

static void
new_owners_take_the_set_id_bits(void)
{
    fresh("f");
    check_eq(chmod("f", 06755), 0);
    check_eq(chown("f", 1, 1), 0);
    check_eq(mode_of("f"), 0755);
    check_eq(chmod("f", 06745), 0);
    check_eq(chown("f", 2, 2), 0);
    check_eq(mode_of("f"), 02745);
    check_eq(mkdir("d", 0755), 0);
    check_eq(chmod("d", 06755), 0);
    check_eq(chown("d", 1, 1), 0);
    check_eq(mode_of("d"), 06755);
    rmdir("d");
    unlink("f");
}

static void
times(void)
{
    struct timespec t[2] = {{1000, 0}, {2000, 0}};
    time_t now = time(NULL);

    fresh("f");
    check(stat_of("f").st_mtime >= now - 1);
    check_eq(utimensat(AT_FDCWD, "f", t, 0), 0);
    check_eq(stat_of("f").st_atime, 1000);
    check_eq(stat_of("f").st_mtime, 2000);
    check(stat_of("f").st_ctime >= now - 1);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_NOW;
    check_eq(utimensat(AT_FDCWD, "f", t, 0), 0);
    check_eq(stat_of("f").st_atime, 1000);
    check(stat_of("f").st_mtime >= now - 1);
    t[0] = (struct timespec){3000, 0};
    t[1] = (struct timespec){4000, UTIME_OMIT};
    int fd = open("f", O_RDONLY);
    check_eq(futimens(fd, t), 0);
    check_eq(stat_of("f").st_atime, 3000);
    check(stat_of("f").st_mtime >= now - 1);
    check_eq(futimens(fd, NULL), 0);
    check(stat_of("f").st_atime >= now - 1);
    close(fd);
    t[0] = t[1] = (struct timespec){0, UTIME_OMIT};
    check_eq(utimensat(AT_FDCWD, "none", t, 0), 0);
    t[0] = (struct timespec){0, 1000000000};
    check_fails(EINVAL, utimensat(AT_FDCWD, "f", t, 0));
    t[0] = (struct timespec){0, -1};
    check_fails(EINVAL, utimensat(AT_FDCWD, "f", t, 0));
    check_fails(ENOENT, utimensat(AT_FDCWD, "none", NULL, 0));
    check_fails(EINVAL, utimensat(AT_FDCWD, "f", NULL, 1));
    check_fails(EFAULT, syscall(SYS_utimensat, (long)AT_FDCWD, "f", bad, 0L));
    check_fails(EBADF, futimens(77, NULL));
    unlink("f");
}

static void
times_of_links(void)
{
    struct timespec t[2] = {{1000, 0}, {2000, 0}};

    fresh("f");
    check_eq(symlink("f", "l"), 0);
    check_eq(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW), 0);
    check_eq(stat_of("l").st_mtime, 2000);
    check(stat_of("f").st_mtime > 2000);
    check_eq(utimensat(AT_FDCWD, "l", t, 0), 0);
    check_eq(stat_of("f").st_mtime, 2000);
    unlink("l");
    unlink("f");
}

/* What changes a file, and what changes a directory, shows in their times. */
static void
times_move(void)
{
    struct timespec t[2] = {{1000, 0}, {2000, 0}};

    fresh("f");
    check_eq(utimensat(AT_FDCWD, "f", t, 0), 0);
    int fd = open("f", O_WRONLY);
    check_eq(write(fd, "x", 1), 1);
    check(stat_of("f").st_mtime > 2000);
    check_eq(futimens(fd, t), 0);
    check_eq(ftruncate(fd, 5), 0);
    check(stat_of("f").st_mtime > 2000);
    close(fd);
    check_eq(mkdir("d", 0755), 0);
    check_eq(utimensat(AT_FDCWD, "d", t, 0), 0);
    fresh("d/f");
    check(stat_of("d").st_mtime > 2000);
    check_eq(utimensat(AT_FDCWD, "d", t, 0), 0);
    check_eq(rename("d/f", "d/g"), 0);
    check(stat_of("d").st_mtime > 2000);
    check_eq(utimensat(AT_FDCWD, "d", t, 0), 0);
    unlink("d/g");
    check(stat_of("d").st_mtime > 2000);
    check_eq(utimensat(AT_FDCWD, "d", t, 0), 0);
    check_eq(chmod("d", 0700), 0);
    check_eq(stat_of("d").st_mtime, 2000);
    rmdir("d");
    unlink("f");
}

/* As the kernel lays it out. */
struct extended {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, pad;
    uint64_t ino, size, blocks, attributes_mask;
    struct {
        int64_t sec;
        uint64_t nsec;
    } atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t spare[14];
};

static long
statx_at(int dirfd, const char *path, long flags, struct extended *stx)
{
    return syscall(SYS_statx, (long)dirfd, path, flags, 0x7ffL, stx);
}

static void
extended_stat(void)
{
    struct extended stx;

    fresh("f");
    check_eq(truncate("f", 12345), 0);
    check_eq(symlink("f", "l"), 0);
    check_eq(statx_at(AT_FDCWD, "l", 0, &stx), 0);
    struct stat st = stat_of("f");
    check_eq(stx.mask & 0x7ff, 0x7ff);
    check_eq(stx.ino, st.st_ino);
    check_eq(stx.mode, st.st_mode);
    check_eq(stx.nlink, st.st_nlink);
    check_eq(stx.size, 12345);
    check_eq(stx.blocks, st.st_blocks);
    check_eq(stx.mtime.sec, st.st_mtime);
    check_eq(stx.dev_minor, st.st_dev & 0xff);
    check_eq(stx.dev_major, st.st_dev >> 8 & 0xfff);
    check_eq(statx_at(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, &stx), 0);
    check((stx.mode & S_IFMT) == S_IFLNK);
    check_eq(stx.size, 1);
    int fd = open("f", O_RDONLY);
    check_eq(statx_at(fd, "", AT_EMPTY_PATH, &stx), 0);
    check_eq(stx.ino, st.st_ino);
    check_fails(EBADF, statx_at(77, "x", 0, &stx));
    check_fails(ENOENT, statx_at(fd, "", 0, &stx));
    check_fails(ENOTDIR, statx_at(fd, "x", 0, &stx));
    check_fails(EINVAL, statx_at(AT_FDCWD, "f", 1, &stx));
    check_fails(EFAULT, statx_at(AT_FDCWD, "f", 0, bad));
    check_fails(EINVAL,
                syscall(SYS_statx, (long)AT_FDCWD, "f", 0L, 0x80000000L, &stx));
    check_eq(statx_at(AT_FDCWD, "/dev/null", 0, &stx), 0);
    check_eq(stx.rdev_major, 1);
    check_eq(stx.rdev_minor, 3);
    close(fd);
    unlink("l");
    unlink("f");
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(modes),
        TAP_CASE(owners),
        TAP_CASE(new_owners_take_the_set_id_bits),
        TAP_CASE(times),
        TAP_CASE(times_of_links),
        TAP_CASE(times_move),
        TAP_CASE(extended_stat),
    };

    umask(022);
    if (chdir(argc > 1 ? argv[1] : "/tmp") || mkdir("t.attributes", 0755) ||
        chdir("t.attributes")) {
        perror("t.attributes");
        return 1;
    }
    int status = tap_run(cases, sizeof(cases) / sizeof(cases[0]));
    return chdir("..") || rmdir("t.attributes") ? 1 : status;
}
