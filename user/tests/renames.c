/* Names that move, alone and while others use them, in the directory given as
 * argument or in /tmp. tests/linux runs the same cases through glibc, and they
 * hold on Linux. */
#include "names.h"
#include <sys/wait.h>

static char long_name[NAME_MAX + 2];

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
        TAP_CASE(renaming_files),
        TAP_CASE(renaming_directories),
        TAP_CASE(paths_below_a_renamed_directory),
        TAP_CASE(exchanging),
        TAP_CASE(sticky_directories),
        TAP_CASE(many_processes),
        TAP_CASE(walking_while_renaming),
    };

    memset(long_name, 'n', NAME_MAX + 1);
    return run_within(argc > 1 ? argv[1] : NULL, cases,
                      sizeof(cases) / sizeof(cases[0]));
}
