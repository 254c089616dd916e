/* Unix-domain sockets: what kinds there are, their names and connections, as
 * unix(7) and Linux have them. */
#include "sockets.h"

/* ---- Making them ---- */

static void
kinds(void)
{
    struct stat st;
    int fds[2], value;
    socklen_t len;
    for (int i = 0; i < 3; i++) {
        int fd = socket(AF_UNIX, types[i] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        tap_ok(fd >= 0, "socket");
        tap_ok(fcntl(fd, F_GETFD) == FD_CLOEXEC, "SOCK_CLOEXEC");
        tap_ok(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK), "SOCK_NONBLOCK");
        tap_ok(fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode), "S_ISSOCK");
        len = sizeof value;
        tap_ok(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0 &&
                   value == types[i] && len == sizeof value,
               "SO_TYPE");
        tap_ok(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) == 0 &&
                   value == AF_UNIX,
               "SO_DOMAIN");
        tap_ok(got(lseek(fd, 0, SEEK_SET)) == -ESPIPE, "no position");
        close(fd);
    }
    tap_ok(got(socket(AF_UNIX, 9, 0)) == -ESOCKTNOSUPPORT, "no such type");
    tap_ok(got(socket(AF_UNIX, 77, 0)) == -EINVAL, "no such flag");
    tap_ok(got(socket(AF_UNIX, SOCK_STREAM, 77)) == -EPROTONOSUPPORT,
           "no such protocol");
    tap_ok(got(socket(77, SOCK_STREAM, 0)) == -EAFNOSUPPORT, "no such family");
    tap_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0 &&
               fcntl(fds[1], F_GETFL) & O_NONBLOCK,
           "socketpair");
    close(fds[0]);
    close(fds[1]);
    tap_ok(got(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8)) == -EFAULT,
           "socketpair has nowhere to write");
}

/* ---- Names ---- */

static void
path_names(void)
{
    struct sockaddr_un un;
    socklen_t len = sizeof un;
    struct stat st;
    unlink("sock");
    umask(027);
    int fd = listener("sock", SOCK_STREAM, 5);
    umask(0);
    tap_ok(stat("sock", &st) == 0 && S_ISSOCK(st.st_mode) &&
               (st.st_mode & 0777) == 0750,
           "a file of type socket, less the umask");
    tap_ok(getsockname(fd, (struct sockaddr *)&un, &len) == 0 &&
               len == offsetof(struct sockaddr_un, sun_path) + 5 &&
               strcmp(un.sun_path, "sock") == 0,
           "its name");
    tap_ok(bind_to(fd, "sock2") == -EINVAL, "one name only");
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(bind_to(other, "sock") == -EADDRINUSE, "the name is taken");
    tap_ok(got(open("sock", O_RDWR)) == -ENXIO, "it cannot be opened");
    tap_ok(connect_to(other, "nowhere") == -ENOENT, "no such name");
    tap_ok(connect_to(other, ".") == -ECONNREFUSED, "no socket");
    int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(connect_to(dgram, "sock") == -EPROTOTYPE, "of another type");
    close(dgram);
    tap_ok(connect_to(other, "sock") == 0, "connect");
    len = sizeof un;
    tap_ok(getpeername(other, (struct sockaddr *)&un, &len) == 0 &&
               strcmp(un.sun_path, "sock") == 0,
           "the peer's name");
    close(other);
    close(fd);
    other = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(connect_to(other, "sock") == -ECONNREFUSED, "nobody is there");
    tap_ok(bind_to(other, "sock") == -EADDRINUSE, "but the name is");
    tap_ok(unlink("sock") == 0 && bind_to(other, "sock") == 0, "until unlink");
    tap_ok(rename("sock", "moved") == 0 && listen(other, 0) == 0, "renamed");
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(connect_to(fd, "moved") == 0, "found by the inode");
    close(fd);
    close(other);
    unlink("moved");
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(bind_to(fd, "nowhere/sock") == -ENOENT, "no such directory");
    memset(&un, 'x', sizeof un);
    un.sun_family = AF_UNIX;
    tap_ok(got(bind(fd, (struct sockaddr *)&un, sizeof un)) == 0,
           "a path may fill the address");
    struct sockaddr_storage room;
    len = sizeof room;
    tap_ok(getsockname(fd, (struct sockaddr *)&room, &len) == 0 &&
               len == sizeof un + 1,
           "and is told with its end");
    un.sun_path[107] = 0;
    char name[109] = "";
    memset(name, 'x', 108);
    tap_ok(unlink(name) == 0, "unlink");
    close(fd);
}

static void
path_rights(void)
{
    int fd = listener("sock", SOCK_STREAM, 5);
    struct sockaddr_un un;
    socklen_t len = address(&un, "sock");
    if (geteuid() != 0)
        return;
    for (int i = 0; i < 3; i++) {
        int mode = (int[]){0600, 0602, 0602}[i];
        int want = (int[]){-EACCES, 0, -EACCES}[i];
        mkdir("closed", 0700);
        chmod("sock", mode);
        if (i == 2) {
            tap_ok(rename("sock", "closed/sock") == 0, "rename");
            len = address(&un, "closed/sock");
        }
        pid_t pid = fork();
        if (pid == 0) {
            int c = socket(AF_UNIX, SOCK_STREAM, 0);
            if (setgid(5) != 0 || setuid(5) != 0)
                _exit(9);
            _exit(got(connect(c, (struct sockaddr *)&un, len)) != want);
        }
        tap_ok(reap(pid) == 0, "who may write it, and get there, may connect");
    }
    pid_t pid = fork();
    if (pid == 0) {
        int c = socket(AF_UNIX, SOCK_STREAM, 0);
        if (setgid(5) != 0 || setuid(5) != 0)
            _exit(9);
        _exit(bind_to(c, "closed/mine") != -EACCES);
    }
    tap_ok(reap(pid) == 0, "who may write the directory may bind");
    unlink("closed/sock");
    rmdir("closed");
    close(fd);
}

static void
abstract_names(void)
{
    struct sockaddr_un un;
    socklen_t len = sizeof un;
    int fd = listener("@umbra", SOCK_STREAM, 5);
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(got(access("@umbra", F_OK)) == -ENOENT, "no file");
    tap_ok(bind_to(other, "@umbra") == -EADDRINUSE, "the name is taken");
    tap_ok(connect_to(other, "@umbr") == -ECONNREFUSED, "all of it counts");
    tap_ok(connect_to(other, "@umbra") == 0, "connect");
    tap_ok(getpeername(other, (struct sockaddr *)&un, &len) == 0 &&
               len == offsetof(struct sockaddr_un, sun_path) + 6 &&
               memcmp(un.sun_path, "\0umbra", 6) == 0,
           "the peer's name");
    int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(connect_to(dgram, "@umbra") == -ECONNREFUSED, "of another type");
    close(other);
    close(fd);
    tap_ok(connect_to(dgram, "@umbra") == -ECONNREFUSED, "it went with fd");
    un.sun_family = AF_UNIX;
    tap_ok(bind(dgram, (struct sockaddr *)&un, sizeof(sa_family_t)) == 0,
           "any name");
    len = sizeof un;
    tap_ok(getsockname(dgram, (struct sockaddr *)&un, &len) == 0 &&
               len == offsetof(struct sockaddr_un, sun_path) + 6 &&
               un.sun_path[0] == 0 &&
               strspn(un.sun_path + 1, "0123456789abcdef") >= 5,
           "a zero and five digits");
    int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(got(sendto(sender, "hi", 2, 0, (struct sockaddr *)&un, len)) == 2,
           "that can be sent to");
    close(sender);
    close(dgram);
}

static void
bad_addresses(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t len = sizeof un;
    tap_ok(got(connect(fd, (struct sockaddr *)&un, 1)) == -EINVAL, "short");
    tap_ok(got(connect(fd, (struct sockaddr *)&un, 2)) == -EINVAL, "no name");
    tap_ok(got(connect(fd, (struct sockaddr *)&un, 111)) == -EINVAL, "long");
    tap_ok(got(connect(fd, (void *)8, 20)) == -EFAULT, "no address");
    un.sun_family = 2;
    tap_ok(got(bind(fd, (struct sockaddr *)&un, sizeof un)) == -EINVAL,
           "another family");
    tap_ok(got(getsockname(fd, (void *)8, &len)) == -EFAULT, "nowhere");
    len = 1;
    un.sun_family = 0x7777;
    tap_ok(getsockname(fd, (struct sockaddr *)&un, &len) == 0 && len == 2 &&
               un.sun_family == 0x7701,
           "as much as there is room for");
    tap_ok(got(getpeername(fd, (struct sockaddr *)&un, &len)) == -ENOTCONN,
           "no peer");
    close(fd);
    tap_ok(got(getsockname(0x7777, (struct sockaddr *)&un, &len)) == -EBADF,
           "no descriptor");
    fd = open("/dev/null", O_RDWR);
    tap_ok(got(listen(fd, 1)) == -ENOTSOCK, "no socket");
    close(fd);
}

/* ---- Connections ---- */

static void
connections(void)
{
    char buf[16];
    for (int i = 0; i < 3; i += 2) {
        int fd = listener("@c", types[i], 1);
        int a = socket(AF_UNIX, types[i] | SOCK_NONBLOCK, 0);
        tap_ok(got(listen(a, 1)) == -EINVAL, "no name, no listening");
        tap_ok(ready(a) == (POLLHUP | POLLOUT), "before it is connected");
        tap_ok(got(recv(a, buf, 1, 0)) == (i ? -ENOTCONN : -EINVAL), "recv");
        tap_ok(got(send(a, buf, 1, MSG_NOSIGNAL)) == -ENOTCONN, "send");
        tap_ok(ready(fd) == 0, "nobody has connected");
        fcntl(fd, F_SETFL, O_NONBLOCK);
        tap_ok(got(accept(fd, NULL, NULL)) == -EAGAIN, "nobody to accept");
        tap_ok(connect_to(a, "@c") == 0, "connect");
        tap_ok(connect_to(a, "@c") == -EISCONN, "twice");
        tap_ok(ready(fd) == POLLIN, "somebody has");
        tap_ok(ready(a) == POLLOUT, "before anybody accepts");
        tap_ok(got(send(a, "early", 5, 0)) == 5, "is the time to send");
        int b = socket(AF_UNIX, types[i] | SOCK_NONBLOCK, 0);
        int c = socket(AF_UNIX, types[i] | SOCK_NONBLOCK, 0);
        tap_ok(connect_to(b, "@c") == 0, "one more may wait");
        tap_ok(connect_to(c, "@c") == -EAGAIN, "but no third");
        struct sockaddr_un un;
        socklen_t len = sizeof un;
        int d = accept4(fd, (struct sockaddr *)&un, &len,
                        SOCK_CLOEXEC | SOCK_NONBLOCK);
        tap_ok(d >= 0 && fcntl(d, F_GETFD) == FD_CLOEXEC &&
                   fcntl(d, F_GETFL) & O_NONBLOCK,
               "accept4");
        tap_ok(len == 2 && un.sun_family == AF_UNIX, "of a peer without name");
        len = sizeof un;
        tap_ok(getsockname(d, (struct sockaddr *)&un, &len) == 0 &&
                   memcmp(un.sun_path, "\0c", 2) == 0,
               "its own name is the listener's");
        tap_ok(got(recv(d, buf, 16, 0)) == 5 && memcmp(buf, "early", 5) == 0,
               "what was sent early");
        tap_ok(got(recv(d, buf, 16, 0)) == -EAGAIN, "nothing else");
        tap_ok(connect_to(c, "@c") == 0, "now there is room");
        tap_ok(got(accept(a, NULL, NULL)) == -EINVAL, "nobody listens there");
        tap_ok(got(accept4(fd, NULL, NULL, 7)) == -EINVAL, "no such flag");
        close(fd);
        tap_ok(ready(b) == (POLLIN | POLLOUT | POLLHUP | POLLRDHUP | POLLERR),
               "who was not accepted");
        tap_ok(got(recv(b, buf, 1, 0)) == -ECONNRESET, "is told");
        tap_ok(got(recv(b, buf, 1, 0)) == 0, "once");
        close(a), close(b), close(c), close(d);
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    tap_ok(bind_to(fd, "@d") == 0 && got(listen(fd, 1)) == -EOPNOTSUPP &&
               got(accept(fd, NULL, NULL)) == -EOPNOTSUPP,
           "datagrams are not accepted");
    close(fd);
}

static void
accept_one(void *fd)
{
    if (accept(*(int *)fd, NULL, NULL) < 0)
        _exit(1);
}

static void
connect_one(void *arg)
{
    int c = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect_to(c, arg) != 0)
        _exit(1);
}

static void
connections_wait(void)
{
    int fd = listener("@w", SOCK_STREAM, 0);
    pid_t pid = later(connect_one, "@w");
    int a = accept(fd, NULL, NULL);
    tap_ok(a >= 0 && reap(pid) == 0, "accept waits");
    int b = socket(AF_UNIX, SOCK_STREAM, 0),
        c = socket(AF_UNIX, SOCK_STREAM, 0);
    tap_ok(connect_to(b, "@w") == 0, "connect");
    pid = later(accept_one, &fd);
    tap_ok(connect_to(c, "@w") == 0 && reap(pid) == 0, "connect waits");
    struct timeval soon = {0, 20000};
    int d = socket(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(d, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    tap_ok(connect_to(d, "@w") == -EAGAIN, "but not for ever");
    setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    tap_ok(got(recv(a, &c, 1, 0)) == 0, "its peer has gone");
    close(a), close(b), close(c), close(d), close(fd);
}

static const struct tap_case cases[] = {
    TAP_CASE(kinds),
    TAP_CASE(path_names),
    TAP_CASE(path_rights),
    TAP_CASE(abstract_names),
    TAP_CASE(bad_addresses),
    TAP_CASE(connections),
    TAP_CASE(connections_wait),
};

int
main(int argc, char **argv)
{
    umask(0);
    if (chdir(argc > 1 ? argv[1] : "/tmp") != 0)
        return 1;
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
