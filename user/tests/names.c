/* Names: made, linked, taken away and moved, in the directory given as
 * argument or in /tmp. tests/linux runs the same cases through glibc, and they
 * hold on Linux. */
#include "../lib/tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char long_name[NAME_MAX + 2], longest_name[NAME_MAX + 1];
static const char *volatile bad = (const char *)0x10;

/* Makes a file with a text in it. */
static void
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    check(fd >= 0);
    check_eq(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Whether the file has that text. */
static bool
has(const char *path, const char *text)
{
    char buf[64] = "";
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

    close(fd);
    return n == (ssize_t)strlen(text) && strcmp(buf, text) == 0;
}

static bool
exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static unsigned
links(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? (unsigned)st.st_nlink : 0;
}

static ino_t
ino(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

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
renaming_files(void)
{
    put("a", "one");
    ino_t number = ino("a");
    check_eq(rename("a", "b"), 0);
    check(!exists("a"));
    check(has("b", "one"));
    check_eq(ino("b"), number);
    put("c", "two");
    int fd = open("c", O_RDONLY);
    check_eq(rename("b", "c"), 0);
    check(has("c", "one"));
    char byte;
    check_eq(read(fd, &byte, 1), 1);
    check_eq(byte, 't');
    close(fd);
    check_eq(rename("c", "c"), 0);
    check_eq(link("c", "d"), 0);
    check_eq(rename("c", "d"), 0);
    check(exists("c") && exists("d"));
    check_fails(ENOENT, rename("none", "e"));
    check_fails(ENOENT, rename("c", "none/e"));
    check_fails(ENOTDIR, rename("c", "e/"));
    check_fails(ENOTDIR, rename("c/", "e"));
    check_fails(ENOTDIR, rename("c", "c/e"));
    check_fails(ENOENT, rename("", "e"));
    check_fails(ENOENT, rename("c", ""));
    check_fails(ENAMETOOLONG, rename("c", long_name));
    unlink("d");
    unlink("c");
}

static void
renaming_directories(void)
{
    check_eq(mkdir("a", 0755), 0);
    check_eq(mkdir("a/b", 0755), 0);
    put("a/b/f", "deep");
    check_eq(mkdir("c", 0755), 0);
    check_fails(EINVAL, rename("a", "a/b/x"));
    check_fails(EINVAL, rename("a", "a/x"));
    check_fails(ENOTEMPTY, rename("c", "a"));
    check_fails(ENOTEMPTY, rename("a/b", "a"));
    check_fails(ENOTEMPTY, rename("a/b/f", "a"));
    check_eq(rename("a/b", "c/d"), 0);
    check_eq(links("a"), 2);
    check_eq(links("c"), 3);
    check(has("c/d/f", "deep"));
    check(!exists("a/b/f"));
    check_eq(rename("c", "a"), 0);
    check(has("a/d/f", "deep"));
    check_eq(mkdir("e/", 0755), 0);
    check_eq(rename("a/d/", "e/"), 0);
    check(has("e/f", "deep"));
    check_fails(EBUSY, rename(".", "x"));
    check_fails(EBUSY, rename("a", ".."));
    put("f", "");
    check_fails(ENOTDIR, rename("a", "f"));
    check_fails(EISDIR, rename("f", "a"));
    unlink("f");
    unlink("e/f");
    rmdir("e");
    rmdir("a");
}

static void
paths_below_a_renamed_directory(void)
{
    char path[PATH_MAX], top[PATH_MAX];

    check(getcwd(top, sizeof(top)) != NULL);
    check_eq(mkdir("a", 0755), 0);
    check_eq(mkdir("a/b", 0755), 0);
    check_eq(mkdir("x", 0755), 0);
    check_eq(chdir("a/b"), 0);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    check_eq(rename("../../a", "../../x/y"), 0);
    check(getcwd(path, sizeof(path)) != NULL);
    check(strcmp(path + strlen(top), "/x/y/b") == 0);
    put("f", "here");
    check_eq(chdir("../../.."), 0);
    check(getcwd(path, sizeof(path)) && strcmp(path, top) == 0);
    check(has("x/y/b/f", "here"));
    check_eq(fchdir(fd), 0);
    check_eq(rename("../../y/b", "../../z"), 0);
    check(getcwd(path, sizeof(path)) != NULL);
    check(strcmp(path + strlen(top), "/x/z") == 0);
    check_eq(chdir("../.."), 0);
    close(fd);
    check_eq(unlink("x/z/f"), 0);
    check_eq(rmdir("x/z") | rmdir("x/y") | rmdir("x"), 0);
}

static int
rename2(const char *from, const char *to, unsigned flags)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void
exchanging(void)
{
    put("a", "one");
    put("b", "two");
    check_fails(EEXIST, rename2("a", "b", RENAME_NOREPLACE));
    check_fails(EEXIST, rename2("a", ".", RENAME_NOREPLACE));
    check_eq(rename2("a", "c", RENAME_NOREPLACE), 0);
    check_eq(rename2("c", "b", RENAME_EXCHANGE), 0);
    check(has("b", "one") && has("c", "two"));
    check_fails(ENOENT, rename2("b", "none", RENAME_EXCHANGE));
    check_fails(EINVAL, rename2("b", "c", RENAME_EXCHANGE | RENAME_NOREPLACE));
    check_fails(EINVAL, rename2("b", "c", 64));
    check_eq(mkdir("d", 0755), 0);
    check_eq(mkdir("d/e", 0755), 0);
    check_fails(EINVAL, rename2("d", "d/e", RENAME_EXCHANGE));
    check_fails(EINVAL, rename2("d/e", "d", RENAME_EXCHANGE));
    check_eq(rename2("b", "d/e", RENAME_EXCHANGE), 0);
    check(has("d/e", "one"));
    check_eq(links("d"), 2);
    check_eq(links("b"), 2);
    check_fails(ENOTDIR, rename2("c", "d/e/", RENAME_EXCHANGE));
    check_eq(rename2("b/", "d/", RENAME_EXCHANGE), 0);
    check(has("b/e", "one"));
    unlink("b/e");
    unlink("c");
    rmdir("b");
    rmdir("d");
}

static void
sticky_directories(void)
{
    int status;

    check_eq(mkdir("d", 0777), 0);
    check_eq(chmod("d", 01777), 0);
    put("d/mine", "");
    check_eq(chown("d/mine", 5, 5), 0);
    check_eq(rename("d/mine", "d/other"), 0);
    fflush(stdout);
    if (fork() == 0)
        _exit(unlink("d/other") != 0);
    wait(&status);
    check_eq(status, 0);
    check_eq(rmdir("d"), 0);
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

static void
many_processes(void)
{
    int status, bad_ones = 0, made = 0;

    fflush(stdout);
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            int mine = 0;
            char own[8];
            snprintf(own, sizeof(own), "own%d", i);
            for (int n = 0; n < 200; n++) {
                int fd = open("shared", O_RDWR | O_CREAT | O_EXCL, 0666);
                mine += fd >= 0;
                if (fd >= 0 && close(fd) == 0)
                    unlink("shared");
                if (mkdir(own, 0755) || rename(own, "moved"))
                    continue;
                rmdir("moved");
            }
            rmdir(own);
            _exit(mine > 0 ? 1 : 2);
        }
    for (int i = 0; i < 4; i++) {
        wait(&status);
        made += status == 1 << 8;
        bad_ones += status != 1 << 8 && status != 2 << 8;
    }
    check_eq(bad_ones, 0);
    check(made > 0);
    rmdir("moved");
    check(!exists("shared"));
    check_eq(links("."), 2);
}

/* Whoever is in a directory stays there, wherever that goes. */
static void
walking_while_renaming(void)
{
    char path[PATH_MAX];
    ino_t here = ino(".");
    int status, wrong = 0;

    check_eq(mkdir("a", 0755) | mkdir("b", 0755) | mkdir("a/x", 0755), 0);
    put("a/x/f", "text");
    fflush(stdout);
    if (fork() == 0) {
        for (int i = 0; i < 500; i++)
            if (rename("a/x", "b/y") || rename("b/y", "a/x"))
                _exit(1);
        _exit(0);
    }
    while (chdir("a/x") && chdir("b/y"))
        ; /* it may move before each look */
    for (int i = 0; i < 500; i++) {
        size_t len = getcwd(path, sizeof(path)) ? strlen(path) : 0;
        wrong += len < 4 || (strcmp(path + len - 4, "/a/x") != 0 &&
                             strcmp(path + len - 4, "/b/y") != 0);
        wrong += ino("../..") != here || !has("f", "text");
    }
    check_eq(wrong, 0);
    check_eq(chdir("../.."), 0);
    wait(&status);
    check_eq(status, 0);
    check_eq(unlink("a/x/f") | rmdir("a/x") | rmdir("a") | rmdir("b"), 0);
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
        TAP_CASE(renaming_files),
        TAP_CASE(renaming_directories),
        TAP_CASE(paths_below_a_renamed_directory),
        TAP_CASE(exchanging),
        TAP_CASE(sticky_directories),
        TAP_CASE(other_files),
        TAP_CASE(named_pipes),
        TAP_CASE(reading_while_changing),
        TAP_CASE(many_processes),
        TAP_CASE(walking_while_renaming),
    };

    memset(long_name, 'n', NAME_MAX + 1);
    memset(longest_name, 'n', NAME_MAX);
    umask(022);
    if (chdir(argc > 1 ? argv[1] : "/tmp") || mkdir("t.names", 0755) ||
        chdir("t.names")) {
        perror("t.names");
        return 1;
    }
    int status = tap_run(cases, sizeof(cases) / sizeof(cases[0]));
    return chdir("..") || rmdir("t.names") ? 1 : status;
}
