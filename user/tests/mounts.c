/* File systems that come and go, in the directory given as argument or in
 * /tmp. The cases hold on Linux, for user 0. */
#include "../lib/tap.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TMPFS_MAGIC 0x01021994

static char top[PATH_MAX];

static bool
exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static dev_t
dev(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_dev : 0;
}

static ino_t
ino(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void
fresh(const char *path)
{
    close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

static int
mount_tmpfs(const char *path, unsigned flags)
{
    return mount("tmpfs", path, "tmpfs", flags, NULL);
}

/* Whether a line of /proc/mounts has that path, below top, and that text. */
static bool
listed(const char *path, const char *text)
{
    static char table[16384];
    char full[PATH_MAX + 32];
    size_t n = 0;
    ssize_t got;
    int fd = open("/proc/self/mounts", O_RDONLY);

    while ((got = read(fd, table + n, sizeof(table) - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    table[n] = '\0';
    snprintf(full, sizeof(full), " %s/%s tmpfs %s", top, path, text);
    return strstr(table, full) != NULL;
}

static void
coming_and_going(void)
{
    struct statfs fs;
    ino_t before = ino("d");

    fresh("d/hidden");
    check_eq(mount_tmpfs("d", 0), 0);
    check(!exists("d/hidden"));
    check(dev("d") != dev("."));
    check_eq(statfs("d", &fs), 0);
    check_eq(fs.f_type, TMPFS_MAGIC);
    check(listed("d", "rw"));
    fresh("d/f");
    check(exists("d/f"));
    check_eq(umount("d"), 0);
    check(!listed("d", ""));
    check(exists("d/hidden") && !exists("d/f"));
    check_eq(ino("d"), before);
    check_eq(dev("d"), dev("."));
    unlink("d/hidden");
}

static void
going_up(void)
{
    char path[PATH_MAX];
    ino_t here = ino(".");

    check_eq(mount_tmpfs("d", 0), 0);
    check_eq(mkdir("d/e", 0755), 0);
    check_eq(ino("d/.."), here);
    check_eq(ino("d/e/../.."), here);
    check_eq(chdir("d/e"), 0);
    check(getcwd(path, sizeof(path)) != NULL);
    check(strcmp(path + strlen(top), "/d/e") == 0);
    check_eq(ino("../.."), here);
    check_eq(chdir("../.."), 0);
    check(getcwd(path, sizeof(path)) && strcmp(path, top) == 0);
    check_eq(umount("d"), 0);
}

static void
users_keep_it(void)
{
    int status;

    check_eq(mount_tmpfs("d", 0), 0);
    fresh("d/f");
    int fd = open("d/f", O_RDONLY);
    check_fails(EBUSY, umount("d"));
    unlink("d/f");
    check_fails(EBUSY, umount("d"));
    close(fd);
    check_eq(mkdir("d/e", 0755), 0);
    check(!exists("d/e/none"));
    check_eq(chdir("d/e"), 0);
    check_fails(EBUSY, umount(".."));
    check_eq(chdir("../.."), 0);
    check_eq(mount_tmpfs("d/e", 0), 0);
    check_fails(EBUSY, umount("d"));
    check_eq(umount("d/e"), 0);
    fflush(stdout);
    if (fork() == 0) {
        /* What a process has open goes with it. */
        _exit(open("d/e", O_RDONLY) < 0 || chdir("d/e"));
    }
    wait(&status);
    check_eq(status, 0);
    check_eq(umount("d"), 0);
}

static void
mount_points_stay(void)
{
    check_eq(mkdir("d/x", 0755), 0);
    check_eq(mount_tmpfs("d/x", 0), 0);
    fresh("f");
    check_fails(EBUSY, rmdir("d/x"));
    check_fails(EBUSY, rename("d/x", "e"));
    check_fails(EXDEV, rename("f", "d/x/f"));
    check_fails(EXDEV, link("f", "d/x/f"));
    check_eq(mkdir("e", 0755), 0);
    check_fails(EBUSY, rename("e", "d/x"));
    check_eq(rmdir("e"), 0);
    check_eq(rename("d", "moved"), 0);
    check(exists("moved/x"));
    check(listed("moved/x", "rw"));
    check_eq(umount("moved/x"), 0);
    check_eq(rename("moved", "d"), 0);
    check_eq(rmdir("d/x"), 0);
    unlink("f");
}

static void
read_only(void)
{
    struct timespec t[2] = {{1, 0}, {1, 0}};
    struct statfs fs;

    check_eq(mount_tmpfs("d", 0), 0);
    fresh("d/f");
    check_eq(mkdir("d/e", 0755), 0);
    check_eq(mount(NULL, "d", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    check(listed("d", "ro"));
    check_eq(statfs("d", &fs), 0);
    check(fs.f_flags & 1);
    check_fails(EROFS, open("d/new", O_RDWR | O_CREAT, 0644));
    check_fails(EROFS, open("d/f", O_RDWR));
    check_fails(EROFS, open("d/f", O_RDONLY | O_TRUNC));
    check_fails(EROFS, mkdir("d/new", 0755));
    check_fails(EEXIST, mkdir("d/e", 0755));
    check_fails(EROFS, symlink("x", "d/new"));
    check_fails(EROFS, mknod("d/new", S_IFREG, 0));
    check_fails(EROFS, link("d/f", "d/new"));
    check_fails(EROFS, unlink("d/f"));
    check_fails(EROFS, unlink("d/none"));
    check_fails(EROFS, rmdir("d/e"));
    check_fails(EROFS, rename("d/f", "d/new"));
    check_fails(EROFS, chmod("d/f", 0600));
    check_fails(EROFS, chown("d/f", 1, 1));
    check_fails(EROFS, utimensat(AT_FDCWD, "d/f", t, 0));
    check_fails(EROFS, truncate("d/f", 0));
    check_fails(EROFS, access("d/f", W_OK));
    check_eq(access("d/f", R_OK), 0);
    check_eq(mount(NULL, "d", NULL, MS_REMOUNT, NULL), 0);
    check_eq(unlink("d/f"), 0);
    check_eq(umount("d"), 0);
    check_eq(mount_tmpfs("d", MS_RDONLY), 0);
    check_fails(EROFS, mkdir("d/new", 0755));
    check_eq(umount("d"), 0);
}

static int
remount(const char *path, unsigned flags)
{
    return mount(NULL, path, NULL, MS_REMOUNT | flags, NULL);
}

/* What is open to be written to keeps a file system writable. */
static void
writers_keep_it_writable(void)
{
    check_eq(mount_tmpfs("d", 0), 0);
    int fd = open("d/f", O_WRONLY | O_CREAT, 0644), second = dup(fd);
    int reader = open("d/f", O_RDONLY);

    check_fails(EBUSY, remount("d", MS_RDONLY));
    check_eq(write(fd, "abc", 3), 3);
    close(fd);
    check_fails(EBUSY, remount("d", MS_RDONLY));
    check_eq(truncate("d/f", 1), 0);
    check_eq(write(second, "abc", 3), 3);
    close(second);
    check_eq(remount("d", MS_RDONLY), 0);
    check_fails(EROFS, open("d/f", O_WRONLY));
    check_fails(EROFS, truncate("d/f", 0));
    check_eq(remount("d", 0), 0);
    fd = open("d/f", O_PATH);
    check_eq(remount("d", MS_RDONLY), 0);
    close(fd);
    close(reader);
    check_eq(umount("d"), 0);
}

static void
refusals(void)
{
    fresh("f");
    check_fails(ENOTDIR, mount_tmpfs("f", 0));
    check_fails(ENOENT, mount_tmpfs("none", 0));
    check_fails(ENODEV, mount("x", "d", "nosuchfs", 0, NULL));
    check_fails(EINVAL, umount("d"));
    check_fails(EINVAL, umount("f"));
    check_fails(ENOENT, umount("none"));
    check_fails(EINVAL, umount2("d", 0x40000));
    check_fails(EINVAL, mount(NULL, "d", NULL, MS_REMOUNT, NULL));
    unlink("f");
}

static int
come_and_go(int number)
{
    char path[16];

    snprintf(path, sizeof(path), "m%d", number);
    if (mkdir(path, 0755))
        return 1;
    for (int i = 0; i < 50; i++) {
        if (mount_tmpfs(path, 0))
            return 2;
        if (chdir(path) || mkdir("x", 0755) || chdir("x") || chdir("../.."))
            return 3;
        while (umount(path))
            if (errno != EBUSY) /* somebody walks through */
                return 4;
    }
    return rmdir(path) ? 5 : 0;
}

static int
walk(void)
{
    ino_t here = ino(".");

    for (int i = 0; i < 5000; i++) {
        char path[16];
        snprintf(path, sizeof(path), "m%d/x/../..", i % 3);
        ino_t found = ino(path);
        if (found && found != here)
            return 1;
    }
    return 0;
}

/* Others walk through the mount points meanwhile. */
static void
many_at_once(void)
{
    int status;

    fflush(stdout);
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            _exit(come_and_go(i));
    if (fork() == 0)
        _exit(walk());
    for (int i = 0; i < 4; i++) {
        wait(&status);
        check_eq(status, 0);
    }
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(coming_and_going), TAP_CASE(going_up),
        TAP_CASE(users_keep_it),    TAP_CASE(mount_points_stay),
        TAP_CASE(read_only),        TAP_CASE(writers_keep_it_writable),
        TAP_CASE(refusals),         TAP_CASE(many_at_once),
    };

    umask(022);
    if (chdir(argc > 1 ? argv[1] : "/tmp") || mkdir("t.mounts", 0755) ||
        chdir("t.mounts") || mkdir("d", 0755) || !getcwd(top, sizeof(top))) {
        perror("t.mounts");
        return 1;
    }
    int status = tap_run(cases, sizeof(cases) / sizeof(cases[0]));
    return rmdir("d") || chdir("..") || rmdir("t.mounts") ? 1 : status;
}
