/* chroot: another root directory, and that nothing leads out of it, as on
 * Linux. Only root can run it. */
#include "later.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

static int
result(long value)
{
    return value < 0 ? -errno : (int)value;
}

static int
make_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int n = write(fd, text, strlen(text));
    close(fd);
    return n;
}

/* The first byte of a file, or the negated errno. */
static int
first(const char *name)
{
    char c = 0;
    int fd = open(name, O_RDONLY);
    if (fd < 0)
        return -errno;
    int n = read(fd, &c, 1);
    close(fd);
    return n == 1 ? c : -EIO;
}

/* jail/{file,in/file,link -> /in/file}; outside it, file. */
static void
prepare(void)
{
    mkdir("jail", 0755);
    mkdir("jail/in", 0755);
    tap_ok(make_file("file", "outside") == 7 &&
               make_file("jail/file", "jail") == 4 &&
               make_file("jail/in/file", "in") == 2 &&
               symlink("/in/file", "jail/link") == 0 &&
               symlink("/../../file", "jail/up") == 0,
           "files");
}

#define must(condition)                \
    do {                               \
        if (!(condition))              \
            _exit(__LINE__ % 250 + 1); \
    } while (0)

static void
stays_inside(void)
{
    char name[4096];
    must(chdir("jail") == 0 && chroot(".") == 0);
    must(first("/file") == 'j' && first("/link") == 'i');
    must(first("../file") == 'j' && first("../../../../file") == 'j');
    must(first("/../file") == 'j' && first("/in/../../file") == 'j');
    must(first("/up") == 'j' && first("in/../../../file") == 'j');
    must(getcwd(name, sizeof name) && strcmp(name, "/") == 0);
    must(chdir("in") == 0 && getcwd(name, sizeof name));
    must(strcmp(name, "/in") == 0 && first("file") == 'i');
    must(chdir("..") == 0 && chdir("..") == 0 && first("file") == 'j');
    must(first("/proc/self/stat") == -ENOENT);
    /* Once more: a root below the root. */
    must(chroot("in") == 0 && first("/file") == 'i');
    must(chdir("/") == 0 && first("../file") == 'i');
}

static void
is_inherited(void)
{
    must(chroot("jail") == 0 && chdir("/") == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(first("/../file") != 'j');
    must(reap(pid) == 0);
}

/* What is open, or is the working directory, still leads outside [chroot(2)].
 */
static void
keeps_what_is_open(void)
{
    char name[4096];
    int out = open(".", O_RDONLY | O_DIRECTORY);
    must(chroot("jail") == 0);
    must(syscall(SYS_getcwd, name, sizeof name) > 0);
    must(strncmp(name, "(unreachable)/", 14) == 0);
    must(first("file") == 'o' && first("/file") == 'j');
    must(chdir("/") == 0 && first("file") == 'j');
    must(openat(out, "file", O_RDONLY) >= 0);
    must(fchdir(out) == 0 && first("file") == 'o');
}

static void
sockets_are_inside(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/socket"};
    must(chroot("jail") == 0 && chdir("/") == 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0),
        c = socket(AF_UNIX, SOCK_STREAM, 0);
    must(bind(fd, (struct sockaddr *)&un, sizeof un) == 0);
    must(listen(fd, 1) == 0);
    must(connect(c, (struct sockaddr *)&un, sizeof un) == 0);
}

static void
is_for_root(void)
{
    must(setgid(5) == 0 && setuid(5) == 0);
    must(result(chroot("jail")) == -EPERM);
}

static void
roots(void)
{
    static void (*const all[])(void) = {stays_inside, is_inherited,
                                        keeps_what_is_open, sockets_are_inside,
                                        is_for_root};
    prepare();
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
    tap_ok(access("jail/socket", F_OK) == 0, "where the socket is");
    tap_ok(first("file") == 'o', "this process has its own root");
}

static void
bad_roots(void)
{
    tap_ok(result(chroot("nowhere")) == -ENOENT, "nowhere");
    tap_ok(result(chroot("file")) == -ENOTDIR, "a file");
    tap_ok(result(chroot((char *)8)) == -EFAULT, "no string");
    tap_ok(result(chroot("")) == -ENOENT, "nothing");
}

static const struct tap_case cases[] = {
    TAP_CASE(roots),
    TAP_CASE(bad_roots),
};

int
main(int argc, char **argv)
{
    char folder[] = "chroot.XXXXXX";
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0 || !mkdtemp(folder) ||
        chdir(folder) != 0 || chmod(".", 0755) != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
