/* Unix-domain sockets: descriptors and credentials that go with bytes, as
 * unix(7), cmsg(3) and Linux have them. */
#include "sockets.h"

#include <limits.h>
#include <sys/syscall.h>

/* The kernel's: a C library may look into what it is given. */
#define sendmsg(fd, message, flags) syscall(SYS_sendmsg, fd, message, flags)

union control {
    struct cmsghdr header;
    char space[2048];
};

/* Sends text with n descriptors; returns as got(). */
static int
send_fds(int fd, const char *text, const int *fds, size_t n)
{
    union control control = {.header = {0}};
    struct iovec v = {(char *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)),
                                      .cmsg_level = SOL_SOCKET,
                                      .cmsg_type = SCM_RIGHTS};
    if (n > 0)
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    return got(sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static struct received {
    int n; /* as got() */
    int flags;
    size_t control_len;
    char text[64];
    size_t fd_count;
    int fds[300];
    bool has_cred;
    struct ucred cred;
} last;

/* Receives up to `size` bytes and what comes with them in room bytes. */
static int
receive(int fd, size_t size, size_t room, int flags)
{
    union control control;
    struct iovec v = {last.text, size};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = room};
    memset(&control, 0, sizeof control);
    memset(&last, 0, sizeof last);
    last.n = got(recvmsg(fd, &m, flags | MSG_DONTWAIT));
    last.flags = m.msg_flags;
    last.control_len = m.msg_controllen;
    if (last.n < 0)
        return last.n;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_type == SCM_RIGHTS) {
            last.fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(last.fds, CMSG_DATA(c), last.fd_count * sizeof(int));
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            last.has_cred = c->cmsg_len == CMSG_LEN(sizeof last.cred);
            memcpy(&last.cred, CMSG_DATA(c), sizeof last.cred);
        }
    }
    return last.n;
}

static void
close_received(void)
{
    for (size_t i = 0; i < last.fd_count; i++)
        close(last.fds[i]);
    last.fd_count = 0;
}

/* How many descriptors are open. */
static int
count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void
descriptors_are_passed(void)
{
    int pair[2], ends[2];
    char c = 0;
    for (int i = 0; i < 3; i++) {
        socketpair(AF_UNIX, types[i], 0, pair);
        tap_ok(pipe(ends) == 0, "pipe");
        tap_ok(send_fds(pair[0], "two", ends, 2) == 3, "send");
        close(ends[0]), close(ends[1]);
        tap_ok(receive(pair[1], 64, 512, 0) == 3 && last.fd_count == 2 &&
                   last.control_len == CMSG_SPACE(8) && last.flags == 0,
               "receive");
        tap_ok(write(last.fds[1], "x", 1) == 1 &&
                   read(last.fds[0], &c, 1) == 1 && c == 'x',
               "a pipe");
        tap_ok(fcntl(last.fds[0], F_GETFD) == 0, "not close-on-exec");
        tap_ok(send_fds(pair[0], "one", last.fds, 1) == 3, "send");
        close_received();
        tap_ok(receive(pair[1], 64, 512, MSG_CMSG_CLOEXEC) == 3 &&
                   last.fd_count == 1 &&
                   fcntl(last.fds[0], F_GETFD) == FD_CLOEXEC,
               "MSG_CMSG_CLOEXEC");
        close_received();
        close(pair[0]), close(pair[1]);
    }
}

static void
descriptors_have_no_room(void)
{
    int pair[2], ends[2], before = count_fds();
    char c;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    tap_ok(pipe(ends) == 0, "pipe");
    tap_ok(send_fds(pair[0], "x", ends, 2) == 1, "send");
    tap_ok(receive(pair[1], 64, CMSG_LEN(4), 0) == 1 && last.fd_count == 1 &&
               last.flags == MSG_CTRUNC,
           "one of two");
    close_received();
    tap_ok(send_fds(pair[0], "x", ends, 2) == 1, "send");
    tap_ok(receive(pair[1], 64, 0, 0) == 1 && last.fd_count == 0 &&
               last.flags == MSG_CTRUNC,
           "none of two");
    tap_ok(send_fds(pair[0], "x", &ends[1], 1) == 1 && close(ends[1]) == 0,
           "send");
    tap_ok(read(pair[1], &c, 1) == 1, "read takes none");
    tap_ok(read(ends[0], &c, 1) == 0, "and closes it");
    tap_ok(send_fds(pair[0], "x", &pair[0], 1) == 1, "send");
    close(pair[0]), close(pair[1]), close(ends[0]);
    tap_ok(count_fds() == before, "no descriptor is left");
}

static void
descriptors_are_looked_at(void)
{
    int pair[2], ends[2];
    char c;
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
    tap_ok(pipe(ends) == 0, "pipe");
    tap_ok(send_fds(pair[0], "x", &ends[0], 1) == 1, "send");
    tap_ok(receive(pair[1], 64, 512, MSG_PEEK) == 1 && last.fd_count == 1,
           "peek gives one");
    close_received();
    tap_ok(receive(pair[1], 64, 512, 0) == 1 && last.fd_count == 1, "receive");
    tap_ok(write(ends[1], "y", 1) == 1 && read(last.fds[0], &c, 1) == 1,
           "the pipe");
    close_received();
    close(pair[0]), close(pair[1]), close(ends[0]), close(ends[1]);
}

static void
descriptors_divide_a_stream(void)
{
    int pair[2], ends[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    tap_ok(pipe(ends) == 0, "pipe");
    tap_ok(write(pair[0], "before", 6) == 6 &&
               send_fds(pair[0], "with", ends, 1) == 4 &&
               write(pair[0], "after", 5) == 5 &&
               send_fds(pair[0], "again", ends, 2) == 5,
           "send");
    tap_ok(receive(pair[1], 8, 512, 0) <= 8 && last.n >= 6, "before");
    int n = last.n;
    if (n == 6)
        tap_ok(last.fd_count == 0 && receive(pair[1], 64, 512, 0) == 4, "with");
    tap_ok(last.fd_count == 1, "the first");
    close_received();
    while (receive(pair[1], 64, 512, 0) > 0 && last.fd_count == 0)
        n += last.n;
    tap_ok(last.fd_count == 2, "the others with theirs");
    close_received();
    tap_ok(send_fds(pair[0], "long text", ends, 1) == 9, "send");
    tap_ok(receive(pair[1], 4, 512, 0) == 4 && last.fd_count == 1,
           "with the first byte");
    close_received();
    tap_ok(receive(pair[1], 64, 512, 0) == 5 && last.fd_count == 0,
           "and none with the rest");
    close(pair[0]), close(pair[1]), close(ends[0]), close(ends[1]);
}

static void
no_descriptors_are_nothing(void)
{
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    tap_ok(send_fds(pair[0], "a", NULL, 0) == 1 &&
               send_fds(pair[0], "b", NULL, 0) == 1,
           "send");
    tap_ok(receive(pair[1], 64, 512, 0) == 2 && last.control_len == 0,
           "they divide no stream");
    close(pair[0]), close(pair[1]);
}

static void
bad_control(void)
{
    int pair[2], fds[254], value = 0;
    char text[] = "x";
    union control control = {.header = {0}};
    struct iovec v = {text, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    for (int i = 0; i < 254; i++)
        fds[i] = pair[0];
    tap_ok(send_fds(pair[0], "x", fds, 253) == 1, "253 is the most");
    tap_ok(send_fds(pair[0], "x", fds, 254) == -EINVAL, "254 too many");
    fds[100] = 999;
    tap_ok(send_fds(pair[0], "x", fds, 200) == -EBADF, "one is none");
    m.msg_control = &control;
    m.msg_controllen = CMSG_SPACE(4);
    control.header = (struct cmsghdr){
        .cmsg_len = 15, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EINVAL, "a header is longer");
    control.header.cmsg_len = CMSG_SPACE(4) + 1;
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EINVAL, "longer than all");
    memset(&control, 0xff, sizeof(size_t)); /* of cmsg_len, as it is */
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EINVAL, "much longer");
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(4), .cmsg_level = SOL_SOCKET, .cmsg_type = 77};
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EINVAL, "no such type");
    control.header.cmsg_type = SCM_CREDENTIALS;
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EINVAL, "short credentials");
    m.msg_control = (void *)8;
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EFAULT, "nowhere");
    m.msg_control = &control;
    m.msg_controllen = 1 << 20;
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -ENOBUFS, "too much");
    m.msg_control = NULL;
    m.msg_controllen = 0;
    m.msg_iovlen = IOV_MAX + 1;
    tap_ok(got(sendmsg(pair[0], &m, 0)) == -EMSGSIZE, "too many vectors");
    m.msg_iovlen = 1;
    m.msg_name = &value;
    m.msg_namelen = 4;
    tap_ok(got(sendmsg(pair[0], &m, 0)) < 0, "a name");
    tap_ok(receive(pair[1], 1, 2048, 0) == 1 && last.fd_count == 253,
           "only the first has arrived");
    close_received();
    tap_ok(receive(pair[1], 1, 2048, 0) == -EAGAIN, "nothing else");
    close(pair[0]), close(pair[1]);
}

/* ---- Credentials ---- */

static int
send_cred(int fd, const struct ucred *cred)
{
    char text[] = "x";
    union control control = {.header = {0}};
    struct iovec v = {text, 1};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = CMSG_SPACE(sizeof *cred)};
    control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof *cred),
                                      .cmsg_level = SOL_SOCKET,
                                      .cmsg_type = SCM_CREDENTIALS};
    memcpy(CMSG_DATA(&control.header), cred, sizeof *cred);
    return got(sendmsg(fd, &m, MSG_NOSIGNAL));
}

static void
peers_are_known(void)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
    tap_ok(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
               cred.pid == 0 && cred.uid == UINT_MAX && cred.gid == UINT_MAX,
           "nobody");
    close(fd);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    tap_ok(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
               cred.pid == getpid() && cred.uid == geteuid(),
           "oneself");
    close(pair[0]), close(pair[1]);
    fd = listener("@known", SOCK_STREAM, 5);
    pid_t pid = fork();
    if (pid == 0) {
        int c = socket(AF_UNIX, SOCK_STREAM, 0);
        bool root = geteuid() == 0;
        if (root && (setresgid(6, 7, 6) != 0 || setresuid(5, 8, 5) != 0))
            _exit(1);
        if (connect_to(c, "@known") != 0)
            _exit(2);
        /* Who it becomes afterwards is not what counts. */
        if (root && setresuid(8, 5, 8) != 0)
            _exit(3);
        if (getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
            cred.pid != getppid() || (root && cred.uid != 0))
            _exit(4);
        _exit(read(c, &cred, 1) != 0);
    }
    int c = accept(fd, NULL, NULL);
    tap_ok(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
               cred.pid == pid,
           "who connected");
    tap_ok(geteuid() != 0 || (cred.uid == 8 && cred.gid == 7),
           "by its effective ids");
    close(c);
    tap_ok(reap(pid) == 0, "who listened");
    close(fd);
}

static void
credentials_are_passed(void)
{
    int pair[2], one = 1;
    struct ucred cred = {getpid(), getuid(), getgid()};
    for (int i = 0; i < 3; i++) {
        socketpair(AF_UNIX, types[i], 0, pair);
        tap_ok(write(pair[0], "x", 1) == 1 &&
                   receive(pair[1], 64, 512, 0) == 1 && !last.has_cred,
               "not unless they are asked for");
        setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
        tap_ok(write(pair[0], "x", 1) == 1 &&
                   receive(pair[1], 64, 512, 0) == 1 && last.has_cred &&
                   last.cred.pid == getpid() && last.cred.uid == getuid(),
               "the sender's");
        tap_ok(send_cred(pair[0], &cred) == 1 &&
                   receive(pair[1], 64, 512, 0) == 1 && last.has_cred,
               "as it says");
        tap_ok(write(pair[0], "x", 1) == 1 &&
                   receive(pair[1], 64, CMSG_LEN(4), 0) == 1 &&
                   last.flags & MSG_CTRUNC,
               "cut");
        pid_t pid = fork();
        if (pid == 0)
            _exit(write(pair[0], "child", 5) != 5);
        tap_ok(reap(pid) == 0 && write(pair[0], "parent", 6) == 6, "two");
        tap_ok(receive(pair[1], 64, 512, 0) == 5 && last.cred.pid == pid,
               "the child's are not those");
        tap_ok(receive(pair[1], 64, 512, 0) == 6 && last.cred.pid == getpid(),
               "of the parent, nor do their bytes mix");
        close(pair[0]), close(pair[1]);
    }
}

static void
credentials_are_not_forged(void)
{
    int pair[2], one = 1;
    if (geteuid() != 0)
        return;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    struct ucred claim = {1, 77, 88};
    tap_ok(send_cred(pair[0], &claim) == 1 &&
               receive(pair[1], 64, 512, 0) == 1 && last.cred.pid == 1 &&
               last.cred.uid == 77 && last.cred.gid == 88,
           "root may say what it likes");
    claim.pid = 99999;
    tap_ok(send_cred(pair[0], &claim) == -ESRCH, "but of processes there are");
    pid_t pid = fork();
    if (pid == 0) {
        if (setresgid(6, 7, 6) != 0 || setresuid(5, 8, 5) != 0)
            _exit(1);
        struct ucred mine = {getpid(), 5, 6}, also = {getpid(), 8, 7};
        if (send_cred(pair[0], &mine) != 1 || send_cred(pair[0], &also) != 1)
            _exit(2);
        struct ucred lies[] = {{1, 5, 6},
                               {getpid(), 0, 6},
                               {getpid(), 5, 0},
                               {getppid(), 5, 6},
                               {99999, 5, 6}};
        for (int i = 0; i < 5; i++)
            if (send_cred(pair[0], &lies[i]) != -EPERM)
                _exit(3);
        _exit(0);
    }
    tap_ok(reap(pid) == 0, "others tell the truth");
    close(pair[0]), close(pair[1]);
}

/* Messages come of real users, connections of effective ones. */
static void
credentials_are_of_two_kinds(void)
{
    int pair[2], one = 1;
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (geteuid() != 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        if (setresgid(7, 8, 8) != 0 || setresuid(5, 6, 6) != 0)
            _exit(1);
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
        setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
        if (write(pair[0], "x", 1) != 1 || receive(pair[1], 64, 512, 0) != 1 ||
            last.cred.uid != 5 || last.cred.gid != 7)
            _exit(2);
        if (getsockopt(pair[1], SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
            cred.uid != 6 || cred.gid != 8)
            _exit(3);
        _exit(0);
    }
    tap_ok(reap(pid) == 0, "real and effective users");
}

/* ---- What is kept while it is on its way ---- */

static void
sockets_are_passed(void)
{
    int a[2], b[2], c[2];
    char text[8];
    socketpair(AF_UNIX, SOCK_STREAM, 0, a);
    socketpair(AF_UNIX, SOCK_STREAM, 0, b);
    socketpair(AF_UNIX, SOCK_STREAM, 0, c);
    /* a's queue keeps b[1], whose queue keeps c[1]. */
    tap_ok(send_fds(a[0], "b", &b[1], 1) == 1, "send");
    tap_ok(send_fds(b[0], "c", &c[1], 1) == 1, "send");
    tap_ok(write(c[0], "deep", 4) == 4, "write");
    close(b[1]), close(c[1]);
    tap_ok(receive(a[1], 64, 512, 0) == 1 && last.fd_count == 1, "receive");
    b[1] = last.fds[0];
    tap_ok(receive(b[1], 64, 512, 0) == 1 && last.fd_count == 1, "receive");
    c[1] = last.fds[0];
    tap_ok(read(c[1], text, 8) == 4 && memcmp(text, "deep", 4) == 0, "read");
    /* Again, but all are closed on their way: the pipe shows it. */
    int ends[2];
    tap_ok(pipe(ends) == 0, "pipe");
    tap_ok(send_fds(c[0], "p", &ends[1], 1) == 1 &&
               send_fds(b[0], "c", &c[1], 1) == 1 &&
               send_fds(a[0], "b", &b[1], 1) == 1,
           "send");
    close(ends[1]), close(b[0]), close(b[1]), close(c[0]), close(c[1]);
    close(a[0]);
    tap_ok(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
               got(read(ends[0], text, 1)) == -EAGAIN,
           "its other end is on its way");
    close(a[1]);
    tap_ok(read(ends[0], text, 1) == 0, "and goes with the last");
    close(ends[0]);
}

/* Chains are let go of without recursion. */
static void
long_chains(void)
{
    int ends[2], pair[2], kept = -1;
    char c;
    tap_ok(pipe(ends) == 0, "pipe");
    kept = ends[1];
    for (int i = 0; i < 200; i++) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
        if (send_fds(pair[0], "x", &kept, 1) != 1)
            break;
        close(kept), close(pair[0]);
        kept = pair[1];
    }
    tap_ok(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
               got(read(ends[0], &c, 1)) == -EAGAIN,
           "a chain of sockets keeps the pipe");
    close(kept);
    tap_ok(read(ends[0], &c, 1) == 0, "all of it goes");
    close(ends[0]);
}

static const struct tap_case cases[] = {
    TAP_CASE(descriptors_are_passed),
    TAP_CASE(descriptors_have_no_room),
    TAP_CASE(descriptors_are_looked_at),
    TAP_CASE(descriptors_divide_a_stream),
    TAP_CASE(no_descriptors_are_nothing),
    TAP_CASE(bad_control),
    TAP_CASE(peers_are_known),
    TAP_CASE(credentials_are_passed),
    TAP_CASE(credentials_are_not_forged),
    TAP_CASE(credentials_are_of_two_kinds),
    TAP_CASE(sockets_are_passed),
    TAP_CASE(long_chains),
};

int
main(void)
{
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
