/* landlock: what a process may still do with files once it has restricted
 * itself, as Linux has it. Only root can run it.
 *
 * Each case that is restricted runs in a child of its own. */
#include "later.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define FS(name) LANDLOCK_ACCESS_FS_##name
#define ABI_1    (FS(MAKE_SYM) * 2 - 1)
#define OF_FILES (FS(EXECUTE) | FS(WRITE_FILE) | FS(READ_FILE))

/* From ABI 3 on, to make a file shorter is another right. */
#define TRUNCATE (version() >= 3 ? 1ull << 14 : 0)

#define must(condition)                \
    do {                               \
        if (!(condition))              \
            _exit(__LINE__ % 250 + 1); \
    } while (0)

static int
result(long value)
{
    return value < 0 ? -errno : (int)value;
}

static int
version(void)
{
    return (int)syscall(444, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int
create(uint64_t handled)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = handled};
    return result(syscall(444, &attr, sizeof(uint64_t), 0));
}

static int
allow(int rules, const char *path, uint64_t access)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr attr = {access, fd};
    int err = result(syscall(445, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0));
    close(fd);
    return err;
}

static int
restrict_self(int rules)
{
    return result(syscall(446, rules, 0));
}

static int
can_open(const char *path, int flags)
{
    int fd = open(path, flags, 0644);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static void
arguments(void)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = 1};
    struct landlock_path_beneath_attr beneath = {FS(READ_FILE), 0};
    int rules = create(FS(READ_FILE) | FS(READ_DIR)), other;

    must(version() >= 1);
    must(result(syscall(444, &attr, 4, 0)) == -EINVAL);
    must(result(syscall(444, &attr, sizeof(uint64_t), 2)) == -EINVAL);
    must(result(syscall(444, NULL, sizeof(uint64_t), 0)) == -EFAULT);
    must(create(0) == -ENOMSG && create(1ull << 60) == -EINVAL);
    must(rules >= 0 && (fcntl(rules, F_GETFD) & FD_CLOEXEC));
    must(allow(rules, "in", FS(WRITE_FILE)) == -EINVAL);
    must(allow(rules, "in", 0) == -ENOMSG);
    must(allow(rules, "in/file", FS(READ_DIR)) == -EINVAL);
    must(allow(0, "in", FS(READ_FILE)) == -EBADFD);
    must(allow(99, "in", FS(READ_FILE)) == -EBADF);
    must(result(syscall(445, rules, 7, &beneath, 0)) == -EINVAL);
    beneath.parent_fd = 99;
    must(result(syscall(445, rules, 1, &beneath, 0)) == -EBADF);
    must(result(syscall(446, rules, 1 << 20)) == -EINVAL);
    must(restrict_self(99) == -EBADF && restrict_self(0) == -EBADFD);
    other = open("in", O_RDONLY);
    must(restrict_self(other) == -EBADFD);
    /* Nobody takes more than it has a right to from who starts it. */
    must(setresuid(1, 1, 1) == 0 && restrict_self(rules) == -EPERM);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    must(restrict_self(rules) == 0);
}

/* May read what is in `in`, write what is in `in/deep`. */
static int
some_rules(void)
{
    int rules = create(ABI_1 | TRUNCATE);
    must(rules >= 0 && allow(rules, "in", FS(READ_FILE) | FS(READ_DIR)) == 0);
    must(allow(rules, "in/deep", TRUNCATE | (ABI_1 & ~FS(MAKE_FIFO))) == 0);
    must(allow(rules, "lone", OF_FILES) == 0);
    return rules;
}

static void
opening(void)
{
    int before = open("out/file", O_RDWR);
    must(restrict_self(some_rules()) == 0);
    must(can_open("in", O_RDONLY) == 0 && can_open("in/file", O_RDONLY) == 0);
    must(can_open("in/file", O_RDWR) == -EACCES);
    must(can_open("in/file", O_RDONLY | O_TRUNC) == -EACCES);
    must(truncate("in/file", 0) == -1 && errno == EACCES);
    must(can_open("in/new", O_RDWR | O_CREAT) == -EACCES);
    must(can_open("in/deep/file", O_RDWR | O_TRUNC) == 0);
    must(can_open("in/deep/new", O_RDWR | O_CREAT) == 0);
    must(can_open("lone", O_RDWR) == 0);
    must(can_open("out", O_RDONLY) == -EACCES);
    must(can_open("out/file", O_RDONLY) == -EACCES);
    must(can_open("in/../out/file", O_RDONLY) == -EACCES);
    must(can_open("in/link", O_RDONLY) == -EACCES); /* to out/file */
    must(can_open("/dev/null", O_RDWR) == -EACCES);
    must(can_open("out/file", O_PATH) == 0);
    /* What is open stays open, but not under its name in /proc. */
    char name[40];
    must(write(before, "x", 1) == 1);
    snprintf(name, sizeof name, "/proc/self/fd/%d", before);
    must(can_open(name, O_RDONLY) == -EACCES);
}

static void
names(void)
{
    must(restrict_self(some_rules()) == 0);
    must(unlink("in/file") == -1 && errno == EACCES);
    must(rmdir("in/empty") == -1 && errno == EACCES);
    must(mkdir("in/other", 0755) == -1 && errno == EACCES);
    must(symlink("x", "in/sym") == -1 && errno == EACCES);
    must(rename("in/file", "in/moved") == -1 && errno == EACCES);
    must(link("in/file", "in/again") == -1 && errno == EACCES);
    must(mkdir("in/deep/d", 0755) == 0 && rmdir("in/deep/d") == 0);
    must(symlink("x", "in/deep/sym") == 0 && unlink("in/deep/sym") == 0);
    must(mkfifo("in/deep/fifo", 0644) == -1 && errno == EACCES);
    must(rename("in/deep/file", "in/deep/moved") == 0);
    must(link("in/deep/moved", "in/deep/file") == 0);
    must(mkdir("in/deep/d", 0755) == 0);
    must(rename("in/deep/moved", "in/deep/d/moved") == -1 && errno == EXDEV);
    must(link("in/deep/moved", "in/deep/d/moved") == -1 && errno == EXDEV);
    must(rename("out/file", "in/deep/stolen") == -1 && errno == EACCES);
    must(mount("none", "in", "tmpfs", 0, NULL) == -1 && errno == EPERM);
    must(umount("/proc") == -1 && errno == EPERM);
}

static void
programs(void)
{
    char *const argv[] = {"hello", NULL};
    int rules = create(FS(EXECUTE));
    must(allow(rules, "in", FS(EXECUTE)) == 0 && restrict_self(rules) == 0);
    must(execv("/linux/hello", argv) == -1 && errno == EACCES);
    must(can_open("/linux/hello", O_RDONLY) == 0);
}

/* Another layer forbids more; what it allows does not count. */
static void
layers(void)
{
    int more = create(ABI_1);
    must(allow(more, ".", ABI_1) == 0);
    must(restrict_self(some_rules()) == 0 && restrict_self(more) == 0);
    must(can_open("out/file", O_RDONLY) == -EACCES);
    must(can_open("in/file", O_RDONLY) == 0);
    int only = create(FS(READ_FILE)), n = 2;
    must(allow(only, "in/deep", FS(READ_FILE)) == 0);
    must(restrict_self(only) == 0);
    must(can_open("in/file", O_RDONLY) == -EACCES);
    must(can_open("in/deep/file", O_RDWR) == 0);
    /* Rules that come later are nobody's. */
    must(allow(only, "in", FS(READ_FILE)) == 0);
    must(can_open("in/file", O_RDONLY) == -EACCES);
    while (restrict_self(only) == 0)
        n++;
    must(errno == E2BIG && n == 15);
}

static void
heirs(void)
{
    must(restrict_self(some_rules()) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(can_open("out/file", O_RDONLY) == -EACCES ? 7 : 1);
    must(reap(pid) == 7 << 8);
    must(chroot("in") == 0 && chdir("/") == 0);
    must(can_open("/file", O_RDONLY) == 0);
    must(can_open("/file", O_RDWR) == -EACCES);
}

static int
make_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int n = write(fd, name, strlen(name));
    close(fd);
    return n > 0;
}

static void
restricted(void)
{
    static void (*const all[])(void) = {arguments, opening, names,
                                        programs,  layers,  heirs};
    mkdir("in", 0755);
    mkdir("in/deep", 0755);
    mkdir("in/empty", 0755);
    mkdir("out", 0755);
    tap_ok(make_file("in/file") && make_file("in/deep/file") &&
               make_file("out/file") && make_file("lone") &&
               symlink("../out/file", "in/link") == 0,
           "files");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            all[i]();
            _exit(0);
        }
        int status = reap(pid);
        if (status)
            tap_fail(__FILE__, __LINE__, "case %zu: status %#x", i, status);
    }
    tap_ok(can_open("out/file", O_RDWR) == 0, "this process may do all");
}

static const struct tap_case cases[] = {
    TAP_CASE(restricted),
};

int
main(int argc, char **argv)
{
    char folder[] = "landlock.XXXXXX";
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0 || !mkdtemp(folder) ||
        chdir(folder) != 0 || chmod(".", 0755) != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
