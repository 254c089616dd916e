/* Pseudoterminals, and what terminals do with sessions and jobs. */
#include "later.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

static int
open_master(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        printf("# no pair: errno %d\n", errno);
        exit(9);
    }
    return master;
}

static int
open_slave(int master, int flags)
{
    int slave = open(ptsname(master), O_RDWR | flags);
    if (slave < 0) {
        printf("# no slave: errno %d\n", errno);
        exit(9);
    }
    return slave;
}

/* Whether the next read gives exactly want. */
static bool
reads(int fd, const char *want)
{
    char text[256];
    size_t len = strlen(want), n = 0;
    while (n < len) {
        ssize_t got = read(fd, text + n, len - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (n != len || memcmp(text, want, n) != 0)
        printf("# %zu bytes: %.*s\n", n, (int)n, text);
    return n == len && memcmp(text, want, n) == 0;
}

static bool
writes(int fd, const char *text)
{
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static short
polled(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

/* Waits until there is something to read. */
static bool
has_input(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, -1) == 1;
}

static void
make_raw(int fd)
{
    struct termios t;
    tcgetattr(fd, &t);
    cfmakeraw(&t);
    tcsetattr(fd, TCSANOW, &t);
}

static void
locked(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), one = 1;
    tap_ok(master >= 0, "posix_openpt");
    tap_ok(open(ptsname(master), O_RDWR | O_NOCTTY) < 0 && errno == EIO,
           "a locked slave");
    tap_ok(unlockpt(master) == 0, "unlockpt");
    close(open_slave(master, O_NOCTTY));
    tap_ok(ioctl(master, TIOCSPTLCK, &one) == 0 &&
               open(ptsname(master), O_RDWR | O_NOCTTY) < 0 && errno == EIO,
           "locked again");
    close(master);
}

static void
names(void)
{
    int first = open_master(), second = open_master(), n = -1, m = -1;
    char name[32];
    struct stat st;
    tap_ok(ioctl(first, TIOCGPTN, &n) == 0 &&
               ioctl(second, TIOCGPTN, &m) == 0 && n != m,
           "two numbers");
    snprintf(name, sizeof name, "/dev/pts/%d", n);
    tap_ok(strcmp(ptsname(first), name) == 0, "ptsname");
    tap_ok(stat(name, &st) == 0 && S_ISCHR(st.st_mode) &&
               st.st_rdev == (dev_t)(136 << 8 | n) && st.st_uid == getuid(),
           "a device of its own");
    DIR *dir = opendir("/dev/pts");
    bool found = false;
    for (struct dirent *d; dir && (d = readdir(dir));)
        found |= strcmp(d->d_name, name + 9) == 0;
    tap_ok(found, "listed");
    if (dir)
        closedir(dir);
    int slave = open_slave(first, O_NOCTTY);
    tap_ok(isatty(slave) && strcmp(ttyname(slave), name) == 0, "ttyname");
    close(slave);
    close(first);
    tap_ok(stat(name, &st) < 0 && errno == ENOENT, "gone with the master");
    close(second);
}

static void
bytes(void)
{
    int master = open_master(), slave = open_slave(master, O_NOCTTY), n = -1;
    tap_ok(writes(master, "hi\n") && reads(slave, "hi\n"), "a line");
    tap_ok(reads(master, "hi\r\n"), "its echo");
    tap_ok(writes(slave, "a\nb") && reads(master, "a\r\nb"), "output");
    tap_ok(writes(master, "ab\x7f\n") && reads(slave, "a\n"), "edited");
    tap_ok(reads(master, "ab\b \b\r\n"), "as is seen");
    tap_ok(writes(master, "\x04") && read(slave, &n, 1) == 0, "end of file");
    make_raw(slave);
    tap_ok(writes(master, "\x03\r\x04") && reads(slave, "\x03\r\x04"), "raw");
    tap_ok(writes(slave, "xyz") && has_input(master) &&
               ioctl(master, FIONREAD, &n) == 0 && n == 3,
           "FIONREAD of the master");
    tap_ok(writes(master, "uv") && has_input(slave) &&
               ioctl(slave, FIONREAD, &n) == 0 && n == 2,
           "FIONREAD of the slave");
    tap_ok(tcflush(slave, TCIOFLUSH) == 0 && ioctl(slave, FIONREAD, &n) == 0 &&
               n == 0,
           "flushed");
    close(slave);
    close(master);
}

static void
without_waiting(void)
{
    int master = open_master(), slave = open_slave(master, O_NOCTTY);
    static char many[8192];
    char c;
    ssize_t n, sum = 0;
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(slave, F_SETFL, O_NONBLOCK);
    tap_ok(read(master, &c, 1) < 0 && errno == EAGAIN, "nothing shown");
    tap_ok(read(slave, &c, 1) < 0 && errno == EAGAIN, "nothing typed");
    tap_ok(polled(master) == POLLOUT && polled(slave) == POLLOUT, "polls");
    memset(many, 'x', sizeof many);
    while ((n = write(slave, many, sizeof many)) > 0)
        sum += n;
    tap_ok(errno == EAGAIN && sum >= 4096, "full");
    tap_ok(polled(slave) == 0 && (polled(master) & POLLIN), "polls");
    while (sum > 0 && (n = read(master, many, sizeof many)) > 0)
        sum -= n;
    tap_ok(sum == 0 && polled(slave) == POLLOUT, "all of it");
    tap_ok(writes(master, "ab"), "half a line");
    tap_ok(polled(slave) == POLLOUT, "is none");
    tap_ok(writes(master, "\n") && polled(slave) == (POLLIN | POLLOUT), "one");
    close(slave);
    close(master);
}

static void
write_to_master(void *arg)
{
    if (!writes(*(int *)arg, "z\n"))
        _exit(1);
}

static void
write_to_slave(void *arg)
{
    if (!writes(*(int *)arg, "w"))
        _exit(1);
}

static void
waits(void)
{
    int master = open_master(), slave = open_slave(master, O_NOCTTY);
    struct pollfd p = {.fd = slave, .events = POLLIN};
    pid_t pid = later(write_to_master, &master);
    tap_ok(reads(slave, "z\n") && reap(pid) == 0, "the slave reads");
    pid = later(write_to_master, &master);
    tap_ok(poll(&p, 1, -1) == 1 && reads(slave, "z\n") && reap(pid) == 0,
           "it polls");
    tap_ok(reads(master, "z\r\nz\r\n"), "the echo");
    pid = later(write_to_slave, &slave);
    tap_ok(reads(master, "w") && reap(pid) == 0, "the master reads");
    p.fd = master;
    pid = later(write_to_slave, &slave);
    tap_ok(poll(&p, 1, -1) == 1 && reads(master, "w") && reap(pid) == 0,
           "it polls");
    close(slave);
    close(master);
}

static void
slave_closes(void)
{
    int master = open_master(), slave;
    char c;
    tap_ok(polled(master) == POLLOUT, "never opened: nothing is wrong");
    slave = open_slave(master, O_NOCTTY);
    tap_ok(writes(slave, "q"), "a byte");
    close(slave);
    tap_ok(polled(master) & POLLHUP, "POLLHUP");
    tap_ok(reads(master, "q"), "what is left");
    tap_ok(read(master, &c, 1) < 0 && errno == EIO, "then EIO");
    slave = open_slave(master, O_NOCTTY);
    tap_ok(writes(slave, "r") && reads(master, "r"), "opened again");
    close(slave);
    close(master);
}

static void
master_closes(void)
{
    int master = open_master(), slave = open_slave(master, O_NOCTTY);
    struct winsize w;
    char c;
    close(master);
    tap_ok(read(slave, &c, 1) == 0, "end of file");
    tap_ok(write(slave, &c, 1) < 0 && errno == EIO, "no writing");
    tap_ok(ioctl(slave, TIOCGWINSZ, &w) < 0 && errno == EIO, "no requests");
    tap_ok(polled(slave) == (POLLIN | POLLOUT | POLLERR | POLLHUP), "poll");
    close(slave);
}

static void
sizes(void)
{
    int master = open_master(), slave = open_slave(master, O_NOCTTY);
    struct winsize w = {.ws_row = 50, .ws_col = 132}, got;
    tap_ok(ioctl(master, TIOCSWINSZ, &w) == 0 &&
               ioctl(slave, TIOCGWINSZ, &got) == 0 && got.ws_row == 50 &&
               got.ws_col == 132,
           "the size is one");
    close(slave);
    close(master);
}

/* Starts a session on the slave in a child, which runs act. */
static pid_t
session(int master, void (*act)(int slave))
{
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        int slave = open_slave(master, 0);
        close(master);
        act(slave);
        _exit(0);
    }
    return pid;
}

static void
say_ready_and_wait(int slave)
{
    if (!writes(slave, "ready\n"))
        _exit(1);
    for (;;)
        pause();
}

/* What ends, or stops, a session's leader when c is typed. */
static int
status_after(const char *typed)
{
    int master = open_master(), status = -1;
    pid_t pid = session(master, say_ready_and_wait);
    if (!reads(master, "ready\r\n") || !writes(master, typed))
        status = -2;
    else
        waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(master);
    return status;
}

static void
typed_signals(void)
{
    int status = status_after("\x03");
    tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "^C");
    status = status_after("\x1c");
    tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT, "^\\");
}

static void
hangup(void)
{
    int master = open_master(), status = -1;
    pid_t pid = session(master, say_ready_and_wait);
    tap_ok(reads(master, "ready\r\n"), "a session");
    close(master);
    tap_ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
               WTERMSIG(status) == SIGHUP,
           "its leader is told by SIGHUP");
}

static void
say_ready_and_read(int slave)
{
    char c;
    writes(slave, "ready\n");
    read(slave, &c, 1);
    _exit(9);
}

/* The signal is there before the end of the file is. */
static void
hangup_reads(void)
{
    bool fine = true;
    for (int i = 0; i < 100 && fine; i++) {
        int master = open_master(), status = -1;
        pid_t pid = session(master, say_ready_and_read);
        fine = reads(master, "ready\r\n");
        wait_until_asleep(pid);
        close(master);
        fine = fine && waitpid(pid, &status, 0) == pid && status == SIGHUP;
    }
    tap_ok(fine, "who reads is told, too");
}

static void
check_controlling(int slave)
{
    int tty = open("/dev/tty", O_RDWR);
    int other = open_master();
    bool fine = tty >= 0 && tcgetsid(slave) == getpid() &&
                tcgetpgrp(tty) == getpgrp() && writes(tty, "t");
    int second = open_slave(other, 0); /* does not replace the first */
    fine = fine && tcgetsid(second) < 0 && errno == ENOTTY &&
           ioctl(second, TIOCSCTTY, 0) < 0 && errno == EPERM;
    /* The end of the session is not the test: that is another case. */
    signal(SIGHUP, SIG_IGN);
    fine = fine && ioctl(slave, TIOCNOTTY) == 0 &&
           open("/dev/tty", O_RDWR) < 0 && errno == ENXIO;
    fine = fine && ioctl(second, TIOCSCTTY, 0) == 0 &&
           tcgetsid(second) == getpid();
    _exit(!fine);
}

static void
check_not_taken(int slave)
{
    (void)slave;
    _exit(open("/dev/tty", O_RDWR) >= 0 || errno != ENXIO);
}

static void
controlling(void)
{
    int master = open_master(), status = -1;
    pid_t pid = session(master, check_controlling);
    tap_ok(reap(pid) == 0, "the terminal of a session");
    close(master);
    master = open_master();
    pid = fork();
    if (pid == 0) {
        setsid();
        check_not_taken(open_slave(master, O_NOCTTY));
    }
    tap_ok(waitpid(pid, &status, 0) == pid && status == 0, "O_NOCTTY");
    close(master);
}

/* ---- Jobs ---- */

/* Runs act in a background group of the session; returns its status, as soon
 * as it stops. */
static int
in_background(int slave, void (*act)(int slave))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        act(slave);
        _exit(0);
    }
    setpgid(pid, pid);
    if (waitpid(pid, &status, WUNTRACED) != pid)
        status = -1;
    kill(pid, SIGKILL);
    if (WIFSTOPPED(status))
        waitpid(pid, NULL, 0);
    return status;
}

static void
read_byte(int slave)
{
    char c;
    _exit(read(slave, &c, 1) < 0 ? errno : 0);
}

static void
read_deaf(int slave)
{
    signal(SIGTTIN, SIG_IGN);
    read_byte(slave);
}

static void
write_byte(int slave)
{
    _exit(write(slave, "b", 1) < 0 ? errno : 0);
}

static void
set_attributes(int slave)
{
    struct termios t;
    _exit(tcgetattr(slave, &t) != 0 || tcsetattr(slave, TCSANOW, &t) != 0);
}

static void
set_attributes_deaf(int slave)
{
    signal(SIGTTOU, SIG_IGN);
    set_attributes(slave);
}

static void
take_foreground(int slave)
{
    _exit(tcsetpgrp(slave, getpgrp()) != 0);
}

static void
stop_output(int slave, bool on)
{
    struct termios t;
    tcgetattr(slave, &t);
    t.c_lflag = on ? t.c_lflag | TOSTOP : t.c_lflag & ~(tcflag_t)TOSTOP;
    tcsetattr(slave, TCSANOW, &t);
}

#define STOPPED(sig) (0x7f | (sig) << 8)

static void
check_jobs(int slave)
{
    if (in_background(slave, read_byte) != STOPPED(SIGTTIN))
        _exit(1);
    if (in_background(slave, read_deaf) != EIO << 8)
        _exit(2);
    if (in_background(slave, write_byte) != 0)
        _exit(3);
    stop_output(slave, true);
    if (in_background(slave, write_byte) != STOPPED(SIGTTOU))
        _exit(4);
    stop_output(slave, false);
    if (in_background(slave, set_attributes) != STOPPED(SIGTTOU))
        _exit(5);
    if (in_background(slave, set_attributes_deaf) != 0)
        _exit(6);
    if (in_background(slave, take_foreground) != STOPPED(SIGTTOU))
        _exit(7);
    int none = 30000;
    if (ioctl(slave, TIOCSPGRP, &none) == 0 || errno != ESRCH)
        _exit(8);
    none = -1;
    if (ioctl(slave, TIOCSPGRP, &none) == 0 || errno != EINVAL)
        _exit(9);
}

static void
jobs(void)
{
    int master = open_master(), status;
    status = reap(session(master, check_jobs));
    tap_ok(WIFEXITED(status), "the session");
    check_eq(WEXITSTATUS(status), 0); /* else which check of check_jobs */
    close(master);
}

/* A group whose parent is in another session has nobody to continue it. */
static void
check_orphan(int slave)
{
    int fds[2], status;
    char c = 0;
    if (pipe(fds) != 0)
        _exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        pid_t parent = getpid();
        if (fork() != 0)
            _exit(0);
        setpgid(0, 0);
        while (getppid() == parent)
            sched_yield();
        c = read(slave, &c, 1) < 0 && errno == EIO ? 'y' : 'n';
        _exit(write(fds[1], &c, 1) != 1);
    }
    waitpid(pid, &status, 0);
    _exit(read(fds[0], &c, 1) != 1 || c != 'y');
}

static void
orphans(void)
{
    int master = open_master();
    tap_ok(reap(session(master, check_orphan)) == 0, "EIO");
    close(master);
}

/* The leader's end: the foreground group is told. */
static void
lead_and_leave(int slave)
{
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        writes(slave, "ready\n");
        for (;;)
            pause();
    }
    setpgid(pid, pid);
    tcsetpgrp(slave, pid);
    wait_until_asleep(pid);
    _exit(0);
}

static void
leader_ends(void)
{
    int master = open_master();
    char c;
    tap_ok(reap(session(master, lead_and_leave)) == 0, "the leader");
    tap_ok(reads(master, "ready\r\n"), "the group");
    /* With the last of its programs the slave is closed. */
    tap_ok(read(master, &c, 1) < 0 && errno == EIO, "is ended by SIGHUP");
    close(master);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void
many(void)
{
    int masters[40], slaves[40];
    bool fine = true;
    for (int i = 0; i < 40; i++) {
        masters[i] = open_master();
        slaves[i] = open_slave(masters[i], O_NOCTTY);
    }
    for (int i = 0; i < 40; i++)
        fine = fine && writes(masters[i], "m\n") && reads(slaves[i], "m\n");
    for (int i = 0; i < 40; i++) {
        close(masters[i]);
        close(slaves[i]);
    }
    tap_ok(fine, "forty pairs");
}

static const struct tap_case cases[] = {
    TAP_CASE(locked),        TAP_CASE(names),
    TAP_CASE(bytes),         TAP_CASE(without_waiting),
    TAP_CASE(waits),         TAP_CASE(slave_closes),
    TAP_CASE(master_closes), TAP_CASE(sizes),
    TAP_CASE(typed_signals), TAP_CASE(hangup),
    TAP_CASE(hangup_reads),  TAP_CASE(controlling),
    TAP_CASE(jobs),          TAP_CASE(orphans),
    TAP_CASE(leader_ends),   TAP_CASE(many),
};

int
main(void)
{
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
