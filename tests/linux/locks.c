/* Record locks: ranges, owners, waiting, deadlocks, and how they end. */
#include "later.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "/tmp/locks"

static int
set(int fd, int command, short type, off_t start, off_t len)
{
    struct flock l = {.l_type = type, .l_start = start, .l_len = len};
    return fcntl(fd, command, &l) == 0 ? 0 : -errno;
}

/* What stands in the way of a write lock: "R 2+3" or "-". */
static const char *
ask(int fd, int command, off_t start, off_t len)
{
    static char text[64];
    struct flock l = {.l_type = F_WRLCK, .l_start = start, .l_len = len};
    if (fcntl(fd, command, &l) != 0)
        return "error";
    if (l.l_type == F_UNLCK)
        return "-";
    snprintf(text, sizeof text, "%c %ld+%ld%s", l.l_type == F_RDLCK ? 'R' : 'W',
             (long)l.l_start, (long)l.l_len,
             l.l_pid == getppid() ? ""
             : l.l_pid == -1      ? " ofd"
                                  : " other");
    return text;
}

static int
open_file(void)
{
    int fd = open(NAME, O_RDWR | O_CREAT, 0600);
    if (fd < 0)
        exit(9);
    return fd;
}

/* Whether another process finds this in the way of bytes start to the end. */
static bool
others_see(off_t start, off_t len, const char *want)
{
    pid_t pid = fork();
    if (pid == 0) {
        const char *got = ask(open_file(), F_GETLK, start, len);
        if (strcmp(got, want) != 0)
            printf("# %s, not %s\n", got, want);
        fflush(stdout);
        _exit(strcmp(got, want) != 0);
    }
    return reap(pid) == 0;
}

static void
ranges(void)
{
    int fd = open_file();
    tap_ok(set(fd, F_SETLK, F_WRLCK, 10, 10) == 0, "10 to 19");
    tap_ok(others_see(0, 0, "W 10+10"), "others see it");
    tap_ok(others_see(0, 10, "-") && others_see(20, 0, "-"), "and its ends");
    tap_ok(set(fd, F_SETLK, F_WRLCK, 20, 5) == 0 && others_see(0, 0, "W 10+15"),
           "neighbours are joined");
    tap_ok(set(fd, F_SETLK, F_UNLCK, 12, 2) == 0 &&
               others_see(0, 0, "W 10+2") && others_see(12, 0, "W 14+11") &&
               others_see(12, 2, "-"),
           "a hole");
    tap_ok(set(fd, F_SETLK, F_RDLCK, 15, 2) == 0 &&
               others_see(15, 1, "R 15+2") && others_see(14, 1, "W 14+1") &&
               others_see(17, 1, "W 17+8"),
           "another type in the middle");
    tap_ok(set(fd, F_SETLK, F_RDLCK, 0, 0) == 0 && others_see(5, 1, "R 0+0"),
           "all of it");
    tap_ok(set(fd, F_SETLK, F_UNLCK, 0, 0) == 0 && others_see(0, 0, "-"),
           "none");
    tap_ok(strcmp(ask(fd, F_GETLK, 0, 0), "-") == 0, "my own are no obstacle");
    close(fd);
}

static void
whence(void)
{
    int fd = open_file();
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -3};
    tap_ok(ftruncate(fd, 100) == 0 && fcntl(fd, F_SETLK, &l) == 0 &&
               others_see(0, 0, "W 97+0"),
           "from the end");
    l = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_CUR, .l_len = 98};
    tap_ok(lseek(fd, 0, SEEK_SET) == 0 && fcntl(fd, F_SETLK, &l) == 0 &&
               others_see(0, 0, "W 98+0"),
           "from the position");
    l = (struct flock){.l_type = F_WRLCK, .l_start = 50, .l_len = -10};
    tap_ok(fcntl(fd, F_SETLK, &l) == 0 && others_see(0, 90, "W 40+10"),
           "a negative length");
    close(fd);
}

static void
errors(void)
{
    int fd = open_file(), in = open(NAME, O_RDONLY), out = open(NAME, O_WRONLY);
    struct flock l = {.l_type = F_WRLCK, .l_whence = 7};
    tap_ok(fcntl(fd, F_SETLK, &l) < 0 && errno == EINVAL, "whence");
    tap_ok(set(fd, F_SETLK, 9, 0, 0) == -EINVAL, "type");
    tap_ok(set(fd, F_SETLK, F_WRLCK, -1, 0) == -EINVAL, "start");
    tap_ok(set(fd, F_SETLK, F_WRLCK, 5, -6) == -EINVAL, "length");
    tap_ok(set(fd, F_SETLK, F_WRLCK, INT64_MAX, 2) == -EOVERFLOW, "overflow");
    tap_ok(set(fd, F_GETLK, F_UNLCK, 0, 0) == -EINVAL, "asking to unlock");
    tap_ok(set(in, F_SETLK, F_WRLCK, 0, 0) == -EBADF, "writing");
    tap_ok(set(out, F_SETLK, F_RDLCK, 0, 0) == -EBADF, "reading");
    tap_ok(fcntl(fd, F_SETLK, (void *)8) < 0 && errno == EFAULT, "address");
    l = (struct flock){.l_type = F_WRLCK, .l_pid = 3};
    tap_ok(fcntl(fd, F_OFD_SETLK, &l) < 0 && errno == EINVAL, "a pid");
    close(fd);
    close(in);
    close(out);
}

static void
conflicts(void)
{
    int fd = open_file();
    tap_ok(set(fd, F_SETLK, F_RDLCK, 0, 10) == 0, "a lock");
    pid_t pid = fork();
    if (pid == 0) {
        int mine = open_file();
        bool fine = set(mine, F_SETLK, F_WRLCK, 5, 10) == -EAGAIN &&
                    set(mine, F_SETLK, F_RDLCK, 5, 10) == 0 &&
                    set(mine, F_SETLK, F_WRLCK, 10, 10) == 0;
        _exit(!fine);
    }
    tap_ok(reap(pid) == 0, "what others may lock");
    close(fd);
}

/* Closing any descriptor of the file ends them; so does the process's end; a
 * child inherits none. */
static void
endings(void)
{
    int fd = open_file(), second = open_file();
    tap_ok(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0, "a lock");
    close(second);
    tap_ok(others_see(0, 0, "-"), "close of another descriptor");
    tap_ok(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0, "a lock");
    second = dup(fd);
    tap_ok(dup2(0, second) == second && others_see(0, 0, "-"), "dup2");
    close(second);
    pid_t pid = fork();
    if (pid == 0)
        _exit(set(fd, F_SETLK, F_WRLCK, 0, 0) != 0);
    tap_ok(reap(pid) == 0 && others_see(0, 0, "-"), "exit");
    tap_ok(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0, "a lock");
    pid = fork();
    if (pid == 0)
        _exit(set(fd, F_SETLK, F_WRLCK, 0, 0) != -EAGAIN);
    tap_ok(reap(pid) == 0, "not inherited");
    close(fd);
}

static void
waiting(void)
{
    int fd = open_file(), ready[2];
    char c;
    tap_ok(pipe(ready) == 0, "pipe");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        if (set(open_file(), F_SETLK, F_WRLCK, 0, 0) != 0 ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        wait_until_asleep(parent); /* its end lets go */
        _exit(0);
    }
    tap_ok(read(ready[0], &c, 1) == 1, "it is locked");
    tap_ok(set(fd, F_SETLKW, F_WRLCK, 0, 0) == 0 && reap(pid) == 0,
           "the end of its owner ends the wait");
    close(fd);
    close(ready[0]);
    close(ready[1]);
}

/* Two processes that wait for each other: one of them is told. */
static void
deadlock(void)
{
    int fd = open_file(), ready[2];
    char c;
    tap_ok(pipe(ready) == 0 && set(fd, F_SETLK, F_WRLCK, 0, 1) == 0, "mine");
    pid_t pid = fork();
    if (pid == 0) {
        int mine = open_file();
        if (set(mine, F_SETLK, F_WRLCK, 1, 1) != 0 ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        _exit(set(mine, F_SETLKW, F_WRLCK, 0, 1) != 0);
    }
    tap_ok(read(ready[0], &c, 1) == 1, "its");
    wait_until_asleep(pid);
    tap_ok(set(fd, F_SETLKW, F_WRLCK, 1, 1) == -EDEADLK, "a deadlock");
    tap_ok(set(fd, F_SETLK, F_UNLCK, 0, 1) == 0 && reap(pid) == 0,
           "the other gets it");
    close(fd);
    close(ready[0]);
    close(ready[1]);
}

/* Locks of open file descriptions: of each for itself, shared by dup. */
static void
descriptions(void)
{
    int fd = open_file(), other = open_file(), again = dup(fd);
    tap_ok(set(fd, F_OFD_SETLK, F_WRLCK, 3, 4) == 0, "a lock");
    tap_ok(set(other, F_OFD_SETLK, F_WRLCK, 0, 0) == -EAGAIN, "another file");
    tap_ok(set(other, F_SETLK, F_RDLCK, 0, 0) == -EAGAIN, "another kind");
    tap_ok(strcmp(ask(other, F_OFD_GETLK, 0, 0), "W 3+4 ofd") == 0, "asked");
    tap_ok(set(again, F_OFD_SETLK, F_WRLCK, 0, 4) == 0, "the same file");
    close(again);
    tap_ok(set(other, F_OFD_SETLK, F_WRLCK, 0, 1) == -EAGAIN, "still there");
    close(fd);
    tap_ok(set(other, F_OFD_SETLK, F_WRLCK, 0, 0) == 0, "gone with the last");
    close(other);
}

static const struct tap_case cases[] = {
    TAP_CASE(ranges),    TAP_CASE(whence),       TAP_CASE(errors),
    TAP_CASE(conflicts), TAP_CASE(endings),      TAP_CASE(waiting),
    TAP_CASE(deadlock),  TAP_CASE(descriptions),
};

int
main(void)
{
    int status;
    unlink(NAME);
    status = tap_run(cases, sizeof(cases) / sizeof(cases[0]));
    unlink(NAME);
    return status;
}
