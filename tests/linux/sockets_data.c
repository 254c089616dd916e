/* Unix-domain sockets: what goes through them, and how they end, as unix(7) and
 * Linux have them. */
#include "sockets.h"

/* ---- Streams ---- */

static char big[1 << 20], back[1 << 20];

static void
write_big(void *arg)
{
    int fd = *(int *)arg;
    if (write(fd, big, sizeof big) != sizeof big)
        _exit(1);
}

static void
streams(void)
{
    int fds[2], n;
    char buf[16];
    tap_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    tap_ok(ready(fds[0]) == POLLOUT, "ready to send");
    tap_ok(write(fds[0], "abc", 3) == 3 && write(fds[0], "def", 3) == 3,
           "write");
    tap_ok(ready(fds[1]) == (POLLIN | POLLOUT), "ready to receive");
    tap_ok(ioctl(fds[1], FIONREAD, &n) == 0 && n == 6, "six bytes");
    tap_ok(got(recv(fds[1], buf, 4, MSG_PEEK)) == 4 &&
               memcmp(buf, "abcd", 4) == 0,
           "peek");
    tap_ok(read(fds[1], buf, 4) == 4 && memcmp(buf, "abcd", 4) == 0, "read");
    tap_ok(read(fds[1], buf, 16) == 2 && memcmp(buf, "ef", 2) == 0, "the rest");
    tap_ok(got(recv(fds[1], buf, 1, MSG_DONTWAIT)) == -EAGAIN, "no more");
    tap_ok(got(send(fds[0], buf, 0, 0)) == 0 &&
               got(recv(fds[1], buf, 1, MSG_DONTWAIT)) == -EAGAIN,
           "nothing is sent as nothing");
    struct iovec v[2] = {{"12", 2}, {"345", 3}};
    tap_ok(writev(fds[1], v, 2) == 5, "writev");
    struct iovec w[2] = {{buf, 1}, {buf + 8, 8}};
    tap_ok(readv(fds[0], w, 2) == 5 && buf[0] == '1' &&
               memcmp(buf + 8, "2345", 4) == 0,
           "readv");
    tap_ok(got(pread(fds[0], buf, 1, 0)) == -ESPIPE, "pread");
    tap_ok(got(write(fds[0], (void *)8, 9)) == -EFAULT, "nothing to send");
    tap_ok(write(fds[0], "kept", 4) == 4 &&
               got(read(fds[1], (void *)8, 4)) == -EFAULT &&
               read(fds[1], buf, 9) == 4,
           "what has no room stays");
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7 + i / 251);
    pid_t pid = later(write_big, &fds[0]);
    tap_ok(got(recv(fds[1], back, sizeof back, MSG_WAITALL)) == sizeof back &&
               memcmp(big, back, sizeof back) == 0 && reap(pid) == 0,
           "MSG_WAITALL");
    int file = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0600);
    tap_ok(write(file, "from a file", 11) == 11, "write");
    off_t at = 5;
    tap_ok(got(sendfile(fds[0], file, &at, 6)) == 6 &&
               read(fds[1], buf, 16) == 6 && memcmp(buf, "a file", 6) == 0,
           "sendfile");
    close(file);
    unlink("sent");
    close(fds[0]), close(fds[1]);
}

static void
fill(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, big, 4096) > 0)
        ;
    fcntl(fd, F_SETFL, 0);
}

static void
read_all(void *arg)
{
    while (recv(*(int *)arg, back, sizeof back, MSG_DONTWAIT) > 0)
        ;
}

static void
streams_fill(void)
{
    int fds[2], value;
    struct timeval soon = {0, 20000};
    socklen_t len = sizeof value;
    tap_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    fill(fds[0]);
    tap_ok(ready(fds[0]) == 0, "full");
    tap_ok(got(send(fds[0], "x", 1, MSG_DONTWAIT)) == -EAGAIN, "no room");
    setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    tap_ok(got(write(fds[0], "x", 1)) == -EAGAIN, "nor later");
    soon = (struct timeval){0, 0};
    setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    pid_t pid = later(read_all, &fds[1]);
    tap_ok(write(fds[0], "x", 1) == 1 && reap(pid) == 0, "until it is read");
    fill(fds[0]);
    struct pollfd p = {.fd = fds[0], .events = POLLOUT};
    pid = fork();
    if (pid == 0) {
        wait_until_asleep(getppid());
        read_all(&fds[1]);
        _exit(0);
    }
    tap_ok(poll(&p, 1, -1) == 1 && p.revents == POLLOUT && reap(pid) == 0,
           "poll waits for room");
    value = 1000;
    tap_ok(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value) ==
                   0 &&
               getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, &len) == 0 &&
               value >= 2000 && value < 10000,
           "a small buffer");
    close(fds[0]), close(fds[1]);
}

static void
ends_of_streams(void)
{
    int fds[2];
    char buf[8];
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < 3; i += 2) {
        socketpair(AF_UNIX, types[i], 0, fds);
        tap_ok(write(fds[0], "last", 4) == 4, "write");
        close(fds[0]);
        tap_ok(ready(fds[1]) == (POLLIN | POLLOUT | POLLHUP | POLLRDHUP),
               "the peer has gone");
        tap_ok(read(fds[1], buf, 8) == 4 && read(fds[1], buf, 8) == 0, "read");
        tap_ok(got(send(fds[1], "x", 1, 0)) == -EPIPE, "send");
        close(fds[1]);
        socketpair(AF_UNIX, types[i], 0, fds);
        tap_ok(write(fds[0], "lost", 4) == 4, "write");
        close(fds[1]);
        tap_ok(ready(fds[0]) & POLLERR, "something was not received");
        int error;
        socklen_t len = sizeof error;
        tap_ok(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                   error == ECONNRESET,
               "SO_ERROR");
        tap_ok(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                   error == 0,
               "once");
        tap_ok(read(fds[0], buf, 8) == 0, "and then it is the end");
        close(fds[0]);
    }
}

static volatile sig_atomic_t pipes;

static void
count_pipes(int sig)
{
    (void)sig;
    pipes++;
}

static void
broken_pipes(void)
{
    int fds[2];
    signal(SIGPIPE, count_pipes);
    for (int i = 0; i < 3; i++) {
        pipes = 0;
        socketpair(AF_UNIX, types[i], 0, fds);
        close(fds[1]);
        int want = types[i] == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
        tap_ok(got(send(fds[0], "x", 1, MSG_NOSIGNAL)) == want, "send");
        tap_ok(pipes == 0, "MSG_NOSIGNAL");
        want = types[i] == SOCK_DGRAM ? -ENOTCONN : -EPIPE;
        tap_ok(got(write(fds[0], "x", 1)) == want, "write");
        tap_ok(pipes == (i == 0), "SIGPIPE, for streams");
        close(fds[0]);
    }
    signal(SIGPIPE, SIG_DFL);
}

static void
shutdowns(void)
{
    int fds[2];
    char buf[8];
    for (int i = 0; i < 3; i += 2) {
        socketpair(AF_UNIX, types[i], 0, fds);
        tap_ok(write(fds[0], "x", 1) == 1 && shutdown(fds[0], SHUT_WR) == 0,
               "shutdown");
        tap_ok(got(send(fds[0], "x", 1, MSG_NOSIGNAL)) == -EPIPE, "no sending");
        tap_ok(ready(fds[1]) == (POLLIN | POLLOUT | POLLRDHUP),
               "the peer sees");
        tap_ok(read(fds[1], buf, 8) == 1 && read(fds[1], buf, 8) == 0,
               "all of it, and the end");
        tap_ok(write(fds[1], "y", 1) == 1 && read(fds[0], buf, 8) == 1,
               "the other way is open");
        tap_ok(shutdown(fds[0], SHUT_RD) == 0, "shutdown");
        tap_ok(got(send(fds[1], "x", 1, MSG_NOSIGNAL)) == -EPIPE, "now closed");
        tap_ok(ready(fds[1]) == (POLLIN | POLLOUT | POLLHUP | POLLRDHUP),
               "on both sides");
        tap_ok(got(shutdown(fds[0], 3)) == -EINVAL, "no such way");
        close(fds[0]), close(fds[1]);
    }
    int fd = listener("@s", SOCK_STREAM, 1);
    tap_ok(shutdown(fd, SHUT_RD) == 0 && got(accept(fd, NULL, NULL)) == -EINVAL,
           "nothing to accept");
    int c = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(connect_to(c, "@s") == -ECONNREFUSED, "nor to connect to");
    close(c), close(fd);
}

/* ---- Messages ---- */

static void
packets(void)
{
    int fds[2], n;
    char buf[16];
    for (int i = 1; i < 3; i++) {
        socketpair(AF_UNIX, types[i], 0, fds);
        tap_ok(send(fds[0], "first", 5, 0) == 5 &&
                   send(fds[0], "", 0, 0) == 0 &&
                   send(fds[0], "third", 5, 0) == 5,
               "send");
        tap_ok(ioctl(fds[1], FIONREAD, &n) == 0 &&
                   n == (types[i] == SOCK_DGRAM ? 5 : 10),
               "FIONREAD: the first datagram, or all");
        tap_ok(got(recv(fds[1], buf, 16, MSG_PEEK)) == 5, "whole");
        tap_ok(got(recv(fds[1], buf, 2, MSG_PEEK | MSG_TRUNC)) == 5,
               "its size");
        tap_ok(got(recv(fds[1], buf, 2, 0)) == 2, "cut");
        tap_ok(got(recv(fds[1], buf, 16, 0)) == 0, "empty");
        struct iovec v = {buf, 3};
        struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
        tap_ok(got(recvmsg(fds[1], &m, 0)) == 3 && m.msg_flags & MSG_TRUNC,
               "recvmsg says that it was cut");
        tap_ok(got(recv(fds[1], buf, 16, MSG_DONTWAIT)) == -EAGAIN, "no more");
        tap_ok(got(send(fds[0], big, sizeof big, 0)) == -EMSGSIZE, "too long");
        tap_ok(got(send(fds[0], big, 100000, 0)) == 100000 &&
                   got(recv(fds[1], back, sizeof back, 0)) == 100000 &&
                   memcmp(big, back, 100000) == 0,
               "long");
        close(fds[0]), close(fds[1]);
    }
}

static void
datagrams(void)
{
    struct sockaddr_un un;
    socklen_t len = sizeof un;
    char buf[16];
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    int c = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(bind_to(a, "@a") == 0 && bind_to(b, "@b") == 0, "bind");
    tap_ok(got(send(c, "x", 1, 0)) == -ENOTCONN, "to nobody");
    tap_ok(send_to(c, "@x", "x") == -ECONNREFUSED, "to nobody there");
    tap_ok(send_to(b, "@a", "from b") == 6 && send_to(c, "@a", "c") == 1,
           "send");
    tap_ok(got(recvfrom(a, buf, 16, 0, (struct sockaddr *)&un, &len)) == 6 &&
               len == offsetof(struct sockaddr_un, sun_path) + 2 &&
               memcmp(un.sun_path, "\0b", 2) == 0,
           "from b");
    len = sizeof un;
    tap_ok(got(recvfrom(a, buf, 16, 0, (struct sockaddr *)&un, &len)) == 1 &&
               len == 0,
           "from somebody");
    tap_ok(connect_to(a, "@b") == 0, "connect");
    tap_ok(got(send(a, "to b", 4, 0)) == 4 && got(recv(b, buf, 16, 0)) == 4,
           "send");
    tap_ok(send_to(c, "@a", "c") == -EPERM, "a wants b's only");
    tap_ok(send_to(b, "@a", "b") == 1 && got(recv(a, buf, 16, 0)) == 1, "b's");
    un.sun_family = AF_UNSPEC;
    tap_ok(connect(a, (struct sockaddr *)&un, sizeof un) == 0 &&
               got(send(a, "x", 1, 0)) == -ENOTCONN,
           "disconnected");
    tap_ok(send_to(c, "@a", "c") == 1 && got(recv(a, buf, 16, 0)) == 1,
           "a wants anybody's");
    fcntl(c, F_SETFL, O_NONBLOCK);
    int n = 0;
    while (send_to(c, "@a", "flood") == 5)
        n++;
    tap_ok(errno == EAGAIN && n >= 10, "not without end");
    tap_ok(ready(c) == POLLOUT, "it can send elsewhere");
    tap_ok(connect_to(c, "@a") == 0 && ready(c) == 0, "not there");
    tap_ok(got(recv(a, buf, 16, 0)) == 5 && ready(c) == POLLOUT, "now it can");
    close(a);
    tap_ok(got(send(c, "x", 1, 0)) == -ECONNREFUSED, "a has gone");
    tap_ok(got(send(c, "x", 1, 0)) == -ENOTCONN, "and is forgotten");
    close(b), close(c);
}

static void
connect_elsewhere(void *fd)
{
    connect_to(*(int *)fd, "@elsewhere");
}

/* Who waits for room finds that it is not wanted any more. */
static void
datagrams_are_not_wanted(void)
{
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    int other = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(bind_to(a, "@a") == 0 && bind_to(b, "@b") == 0 &&
               bind_to(other, "@elsewhere") == 0 && connect_to(a, "@b") == 0 &&
               connect_to(b, "@a") == 0,
           "two that are connected");
    while (send(b, big, 4096, MSG_DONTWAIT) > 0)
        ;
    pid_t pid = later(connect_elsewhere, &a);
    tap_ok(got(send(b, "x", 1, 0)) == -ECONNRESET && reap(pid) == 0,
           "what was sent is lost");
    tap_ok(got(send(b, "x", 1, 0)) == -EPERM, "and no more is wanted");
    close(a), close(b), close(other);
}

static void
events(void)
{
    int fds[2], set = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
    char c;
    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    tap_ok(epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &e) == 0, "add");
    tap_ok(epoll_wait(set, &e, 1, 0) == 0, "nothing");
    tap_ok(write(fds[1], "x", 1) == 1 && epoll_wait(set, &e, 1, -1) == 1 &&
               e.events == EPOLLIN,
           "an edge");
    tap_ok(epoll_wait(set, &e, 1, 0) == 0, "one edge");
    tap_ok(write(fds[1], "x", 1) == 1 && epoll_wait(set, &e, 1, -1) == 1,
           "another");
    tap_ok(read(fds[0], &c, 1) == 1 && close(fds[1]) == 0 &&
               epoll_wait(set, &e, 1, -1) == 1 &&
               e.events == (EPOLLIN | EPOLLRDHUP | EPOLLHUP),
           "the end is one");
    close(fds[0]), close(set);
}

static void
interrupt(int sig)
{
    (void)sig;
}

static void
kill_it(void *pid)
{
    kill(*(pid_t *)pid, SIGUSR1);
}

static void
interruptions(void)
{
    struct sigaction act = {.sa_handler = interrupt};
    struct timeval long_time = {100, 0};
    pid_t self = getpid();
    int fds[2];
    char c;
    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    sigaction(SIGUSR1, &act, NULL);
    pid_t pid = later(kill_it, &self);
    tap_ok(got(read(fds[0], &c, 1)) == -EINTR && reap(pid) == 0, "read");
    act.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &act, NULL);
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &long_time, sizeof long_time);
    pid = later(kill_it, &self);
    tap_ok(got(read(fds[0], &c, 1)) == -EINTR && reap(pid) == 0,
           "with a deadline, it is not made again");
    close(fds[0]), close(fds[1]);
}

static void
options(void)
{
    struct timeval tv = {3, 500000}, out;
    socklen_t len = sizeof out;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), one = 1, value;
    tap_ok(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0 &&
               getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &out, &len) == 0 &&
               out.tv_sec == 3 && out.tv_usec == 500000 && len == sizeof out,
           "SO_RCVTIMEO");
    tv.tv_usec = 1000000;
    tap_ok(got(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv)) ==
               -EDOM,
           "no such time");
    tap_ok(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0,
           "SO_REUSEADDR");
    len = sizeof value;
    tap_ok(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
               value == 0,
           "SO_ACCEPTCONN");
    tap_ok(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0 &&
               getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value, &len) == 0 &&
               value == 1,
           "SO_PASSCRED");
    len = 1;
    value = 0x7f00;
    tap_ok(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0 && len == 1 &&
               value == 0x7f01,
           "as much as there is room for");
    tap_ok(got(getsockopt(fd, SOL_SOCKET, 777, &value, &len)) == -ENOPROTOOPT,
           "no such option");
    tap_ok(got(setsockopt(fd, SOL_SOCKET, 777, &value, 4)) == -ENOPROTOOPT,
           "to set either");
    tap_ok(got(setsockopt(fd, 777, 1, &value, 4)) == -EOPNOTSUPP,
           "no such level");
    tap_ok(got(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &one, 3)) == -EINVAL,
           "too short");
    tap_ok(got(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, (void *)8, 4)) == -EFAULT,
           "nothing");
    close(fd);
}

static void
connect_nowhere(void *fd)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    connect(*(int *)fd, &nowhere, sizeof nowhere);
}

/* Who waits for messages of one that goes elsewhere, and drops its own, learns
 * it then. */
static void
lost_datagrams_wake(void)
{
    int pair[2];
    char c;
    struct timeval soon = {.tv_sec = 20};
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    tap_ok(write(pair[1], "x", 1) == 1, "it is not received");
    pid_t pid = later(connect_nowhere, &pair[0]);
    tap_ok(got(recv(pair[1], &c, 1, 0)) == -ECONNRESET, "the waiter is told");
    reap(pid);
    close(pair[0]), close(pair[1]);
}

static const struct tap_case cases[] = {
    TAP_CASE(streams),         TAP_CASE(streams_fill),
    TAP_CASE(ends_of_streams), TAP_CASE(broken_pipes),
    TAP_CASE(shutdowns),       TAP_CASE(packets),
    TAP_CASE(datagrams),       TAP_CASE(datagrams_are_not_wanted),
    TAP_CASE(events),          TAP_CASE(interruptions),
    TAP_CASE(options),         TAP_CASE(lost_datagrams_wake),
};

int
main(int argc, char **argv)
{
    umask(0);
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
