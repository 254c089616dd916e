/* Names: made, linked, looked up and taken away, in the directory given as
 * argument or in /tmp. tests/linux runs the same cases through glibc, and they
 * hold on Linux. */
#include "names.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>

static char long_name[NAME_MAX + 2], longest_name[NAME_MAX + 1];
static const char *volatile bad = (const char *)0x10;

static void
open_creates(void)
{
    struct stat st;
    int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666);

    check(fd >= 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.st_mode, S_IFREG | 0644);
    check_eq(st.st_nlink, 1);
    check_eq(st.st_size, 0);
    close(fd);
    check_fails(EEXIST, open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
    fd = open("a", O_RDWR | O_CREAT, 0666);
    check(fd >= 0);
    close(fd);
    check_fails(ENOENT, open("none/a", O_RDWR | O_CREAT, 0666));
    check_fails(ENOTDIR, open("a/b", O_RDWR | O_CREAT, 0666));
    check_fails(ENOENT, open("", O_RDWR | O_CREAT, 0666));
    check_fails(EFAULT, open(bad, O_RDWR | O_CREAT, 0666));
    check_fails(ENAMETOOLONG, open(long_name, O_RDWR | O_CREAT, 0666));
    fd = open("readonly", O_RDWR | O_CREAT, 0400);
    check(fd >= 0);
    check_eq(write(fd, "x", 1), 1);
    close(fd);
    unlink("readonly");
    unlink("a");
}

static void
open_and_directories(void)
{
    check_eq(mkdir("d", 0755), 0);
    check_fails(EISDIR, open("d", O_RDONLY | O_CREAT, 0666));
    check_fails(EISDIR, open("d/", O_RDONLY | O_CREAT, 0666));
    check_fails(EISDIR, open("new/", O_RDWR | O_CREAT, 0666));
    check_fails(EISDIR, open("d", O_RDWR));
    check_fails(EISDIR, open("d", O_RDONLY | O_TRUNC));
    check_fails(EISDIR, open(".", O_RDONLY | O_CREAT, 0666));
    check_fails(EISDIR, open("/", O_RDONLY | O_CREAT, 0666));
    check_fails(EEXIST, open("..", O_RDONLY | O_CREAT | O_EXCL, 0666));
    check_fails(EINVAL, open("new", O_RDONLY | O_CREAT | O_DIRECTORY, 0666));
    check(!exists("new"));
    rmdir("d");
}

static void
open_through_links(void)
{
    check_eq(symlink("target", "l"), 0);
    check_fails(EEXIST, open("l", O_RDWR | O_CREAT | O_EXCL, 0666));
    check_fails(ELOOP, open("l", O_RDWR | O_CREAT | O_NOFOLLOW, 0666));
    check_fails(ENOENT, open("l", O_RDWR));
    check(!exists("target"));
    int fd = open("l", O_RDWR | O_CREAT, 0666);
    check(fd >= 0);
    close(fd);
    check(exists("target"));
    check_eq(symlink("none/x", "m"), 0);
    check_fails(ENOENT, open("m", O_RDWR | O_CREAT, 0666));
    check_eq(symlink("loop", "loop"), 0);
    check_fails(ELOOP, open("loop", O_RDWR | O_CREAT, 0666));
    check_fails(ELOOP, open("loop/x", O_RDWR | O_CREAT, 0666));
    unlink("loop");
    unlink("m");
    unlink("l");
    unlink("target");
}

static void
making_directories(void)
{
    struct stat st;

    check_eq(mkdir("d", 0777), 0);
    check_eq(stat("d", &st), 0);
    check_eq(st.st_mode, S_IFDIR | 0755);
    check_eq(st.st_nlink, 2);
    check_eq(mkdir("d/e/", 01777), 0);
    check_eq(stat("d/e", &st), 0);
    check_eq(st.st_mode, S_IFDIR | 01755);
    check_eq(links("d"), 3);
    check_fails(EEXIST, mkdir("d", 0777));
    check_fails(EEXIST, mkdir("d/.", 0777));
    check_fails(EEXIST, mkdir("d/..", 0777));
    check_fails(EEXIST, mkdir("/", 0777));
    check_fails(ENOENT, mkdir("none/d", 0777));
    check_fails(ENOENT, mkdir("", 0777));
    check_fails(ENAMETOOLONG, mkdir(long_name, 0777));
    put("f", "");
    check_fails(EEXIST, mkdir("f", 0777));
    check_fails(ENOTDIR, mkdir("f/d", 0777));
    check_eq(mkdir(longest_name, 0777), 0);
    check_eq(rmdir(longest_name), 0);
    unlink("f");
    check_fails(ENOTEMPTY, rmdir("d"));
    check_eq(rmdir("d/e/"), 0);
    check_eq(links("d"), 2);
    check_eq(rmdir("d"), 0);
}

static void
umask_and_set_group(void)
{
    mode_t old = umask(077);
    struct stat st;

    put("f", "");
    check_eq(stat("f", &st), 0);
    check_eq(st.st_mode & 0777, 0600);
    umask(old);
    check_eq(mkdir("d", 0755), 0);
    check_eq(chown("d", 0, 7), 0);
    check_eq(chmod("d", 02775), 0);
    check_eq(mkdir("d/e", 0755), 0);
    check_eq(stat("d/e", &st), 0);
    check_eq(st.st_gid, 7);
    check_eq(st.st_mode & 07777, 02755);
    put("d/f", "");
    check_eq(stat("d/f", &st), 0);
    check_eq(st.st_gid, 7);
    unlink("d/f");
    rmdir("d/e");
    rmdir("d");
    unlink("f");
}

static void
removing(void)
{
    check_eq(mkdir("d", 0755), 0);
    put("f", "x");
    check_fails(ENOENT, unlink("none"));
    check_fails(EISDIR, unlink("d"));
    check_fails(EISDIR, unlink("d/"));
    check_fails(EISDIR, unlink("d/."));
    check_fails(ENOTDIR, unlink("f/"));
    check_fails(ENOENT, unlink("none/"));
    check_fails(ENOTDIR, unlink("f/x"));
    check_fails(EISDIR, unlink("/"));
    check_fails(ENOTDIR, rmdir("f"));
    check_fails(EINVAL, rmdir("d/."));
    check_fails(ENOTEMPTY, rmdir("d/.."));
    check_fails(EBUSY, rmdir("/"));
    check_fails(ENOENT, rmdir("none"));
    check_fails(ENOENT, rmdir(""));
    check_fails(EINVAL, unlinkat(AT_FDCWD, "f", 0x40));
    check_fails(EBADF, unlinkat(77, "f", 0));
    check_eq(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
    check_eq(unlink("f"), 0);
    check_fails(ENOENT, unlink("f"));
}

static void
removed_files_stay_open(void)
{
    char text[8] = "";
    struct stat st;

    put("f", "hello");
    int fd = open("f", O_RDWR);
    check_eq(unlink("f"), 0);
    check_eq(fstat(fd, &st), 0);
    check_eq(st.st_nlink, 0);
    check_eq(pwrite(fd, "H", 1, 0), 1);
    check_eq(read(fd, text, 8), 5);
    check(strcmp(text, "Hello") == 0);
    put("f", "other");
    check_eq(pread(fd, text, 1, 0), 1);
    check_eq(text[0], 'H');
    close(fd);
    check(has("f", "other"));
    unlink("f");
}

static void
removed_directories(void)
{
    char path[PATH_MAX];
    struct stat st;

    check_eq(mkdir("d", 0755), 0);
    check_eq(chdir("d"), 0);
    check(!exists("none"));
    check_eq(rmdir("../d"), 0);
    check(!getcwd(path, sizeof(path)) && errno == ENOENT);
    check_eq(stat(".", &st), 0);
    check_eq(st.st_nlink, 0);
    check_fails(ENOENT, open("new", O_RDWR | O_CREAT, 0666));
    check_fails(ENOENT, mkdir("new", 0777));
    check_fails(ENOENT, symlink("x", "new"));
    check_fails(ENOENT, open("none", O_RDONLY));
    check_fails(ENOENT, rename("../x", "new"));
    check_eq(chdir(".."), 0);
    check(!exists("d"));
}

static void
hard_links(void)
{
    put("a", "text");
    check_eq(link("a", "b"), 0);
    check_eq(links("a"), 2);
    check_eq(ino("a"), ino("b"));
    put("b", "more");
    check(has("a", "more"));
    check_fails(EEXIST, link("a", "b"));
    check_fails(EEXIST, link("a", "."));
    check_fails(ENOENT, link("none", "c"));
    check_fails(ENOENT, link("a", "none/c"));
    check_fails(ENOTDIR, link("a", "a/c"));
    check_fails(ENOENT, link("a", "c/"));
    check_eq(mkdir("d", 0755), 0);
    check_fails(EPERM, link("d", "e"));
    check_eq(unlink("a"), 0);
    check_eq(links("b"), 1);
    check(has("b", "more"));
    check_fails(EINVAL, linkat(AT_FDCWD, "b", AT_FDCWD, "c", 0x200));
    unlink("b");
    rmdir("d");
}

static void
hard_links_of_links(void)
{
    put("a", "");
    check_eq(symlink("a", "l"), 0);
    check_eq(link("l", "m"), 0);
    check_eq(links("l"), 2);
    check_eq(links("a"), 1);
    check_eq(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW), 0);
    check_eq(links("a"), 2);
    int fd = open("a", O_RDONLY);
    check_eq(linkat(fd, "", AT_FDCWD, "o", AT_EMPTY_PATH), 0);
    check_eq(links("a"), 3);
    unlink("a");
    unlink("n");
    unlink("o");
    check_fails(ENOENT, linkat(fd, "", AT_FDCWD, "o", AT_EMPTY_PATH));
    close(fd);
    unlink("l");
    unlink("m");
}

static void
symbolic_links(void)
{
    char text[16];

    check_eq(symlink("some/where", "l"), 0);
    check_eq(readlink("l", text, sizeof(text)), 10);
    check(memcmp(text, "some/where", 10) == 0);
    check_eq(readlink("l", text, 4), 4);
    check_fails(EEXIST, symlink("x", "l"));
    check_fails(ENOENT, symlink("", "m"));
    check_fails(ENOENT, symlink("x", "m/"));
    check_fails(ENOENT, symlink("x", ""));
    check_fails(EINVAL, readlink(".", text, sizeof(text)));
    check_fails(ENOTDIR, unlink("l/"));
    check_eq(unlink("l"), 0);
    check_eq(mkdir("d", 0755), 0);
    check_eq(symlink("d", "l"), 0);
    put("l/f", "x");
    check(has("d/f", "x"));
    check_fails(ENOTDIR, rmdir("l"));
    check_fails(ENOTDIR, rmdir("l/"));
    unlink("d/f");
    unlink("l");
    rmdir("d");
}

static void
other_files(void)
{
    struct stat st;
    char byte = 1;

    check_eq(mknod("f", 0640, 0), 0);
    check_eq(stat("f", &st), 0);
    check_eq(st.st_mode, S_IFREG | 0640);
    check_eq(unlink("f"), 0);
    check_eq(mknod("zero", S_IFCHR | 0666, 0x105), 0);
    check_eq(stat("zero", &st), 0);
    check_eq(st.st_mode, S_IFCHR | 0644);
    check_eq(st.st_rdev, 0x105);
    int fd = open("zero", O_RDONLY);
    check(fd < 0 || (read(fd, &byte, 1) == 1 && byte == 0));
    close(fd);
    check_fails(EEXIST, mknod("zero", S_IFCHR, 0x105));
    check_eq(unlink("zero"), 0);
    check_fails(EPERM, mknod("d", S_IFDIR | 0755, 0));
    check_fails(EINVAL, mknod("d", 0170000, 0));
    check_eq(mknod("socket", S_IFSOCK | 0600, 0), 0);
    check_fails(ENXIO, open("socket", O_RDONLY));
    check_eq(unlink("socket"), 0);
}

static void
named_pipes(void)
{
    char text[8] = "";
    int status;

    check_eq(mknod("p", S_IFIFO | 0666, 0), 0);
    check_fails(ENXIO, open("p", O_WRONLY | O_NONBLOCK));
    int fd = open("p", O_RDONLY | O_NONBLOCK);
    check_eq(read(fd, text, 8), 0);
    close(fd);
    fflush(stdout);
    if (fork() == 0) {
        fd = open("p", O_WRONLY);
        _exit(write(fd, "hello", 5) != 5);
    }
    fd = open("p", O_RDONLY);
    check_eq(read(fd, text, 8), 5);
    check(strcmp(text, "hello") == 0);
    check_eq(read(fd, text, 8), 0);
    wait(&status);
    check_eq(status, 0);
    close(fd);
    fd = open("p", O_RDWR);
    check_eq(write(fd, "x", 1), 1);
    check_eq(read(fd, text, 8), 1);
    close(fd);
    unlink("p");
}

/* Who opens a pipe meets the other who is there, though that one may have done
 * all it wanted, and left, a moment later. */
static void
others_may_leave_at_once(void)
{
    char byte;
    int go[2], status;

    check_eq(mknod("p", S_IFIFO | 0666, 0), 0);
    check_eq(pipe(go), 0);
    fflush(stdout);
    if (fork() == 0) {
        close(go[1]);
        while (read(go[0], &byte, 1) == 1) {
            int fd = open("p", O_WRONLY);
            if (write(fd, "x", 1) != 1)
                _exit(1);
            close(fd);
        }
        _exit(0);
    }
    for (int i = 0; i < 1000; i++) {
        check_eq(write(go[1], "x", 1), 1);
        int fd = open("p", O_RDONLY);
        check_eq(read(fd, &byte, 1), 1);
        check_eq(read(fd, &byte, 1), 0);
        close(fd);
    }
    close(go[0]);
    close(go[1]);
    wait(&status);
    check_eq(status, 0);
    unlink("p");
}

/* Every name is seen once, though others come and go meanwhile. */
static void
reading_while_changing(void)
{
    char name[16];
    int seen[100] = {0}, number;
    struct dirent *e;

    check_eq(mkdir("d", 0755), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "d/keep%d", i);
        put(name, "");
    }
    DIR *d = opendir("d");
    for (int i = 0; (e = readdir(d)); i++) {
        if (strncmp(e->d_name, "keep", 4) == 0) {
            number = atoi(e->d_name + 4);
            seen[number]++;
        }
        snprintf(name, sizeof(name), "d/new%d", i);
        if (i < 200)
            put(name, "");
        if (i < 200 && i % 2)
            unlink(name);
    }
    closedir(d);
    for (int i = 0; i < 100; i++)
        check_eq(seen[i], 1);
    d = opendir("d");
    while ((e = readdir(d)))
        check(e->d_name[0] == '.' || unlinkat(dirfd(d), e->d_name, 0) == 0);
    closedir(d);
    check_eq(rmdir("d"), 0);
}

int
main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        TAP_CASE(open_creates),
        TAP_CASE(open_and_directories),
        TAP_CASE(open_through_links),
        TAP_CASE(making_directories),
        TAP_CASE(umask_and_set_group),
        TAP_CASE(removing),
        TAP_CASE(removed_files_stay_open),
        TAP_CASE(removed_directories),
        TAP_CASE(hard_links),
        TAP_CASE(hard_links_of_links),
        TAP_CASE(symbolic_links),
        TAP_CASE(other_files),
        TAP_CASE(named_pipes),
        TAP_CASE(others_may_leave_at_once),
        TAP_CASE(reading_while_changing),
    };

    memset(long_name, 'n', NAME_MAX + 1);
    memset(longest_name, 'n', NAME_MAX);
    return run_within(argc > 1 ? argv[1] : NULL, cases,
                      sizeof(cases) / sizeof(cases[0]));
}
