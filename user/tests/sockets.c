/* Sockets, where this system answers for itself: descriptors on their way are
 * limited and lead in no circle, memory is shared out, nobody is shut out. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>

static const struct sockaddr_un here = {AF_UNIX, "\0tests/sockets"};

#define HERE ((const struct sockaddr *)&here), 16

/* Sends a byte with n files; as sendmsg. */
static ssize_t
send_files(int fd, const int *files, size_t n)
{
    static union {
        struct cmsghdr header;
        char space[CMSG_SPACE(SCM_MAX_FD * sizeof(int))];
    } control;
    char byte = 'x';
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(n * sizeof(int))};

    control.header =
        (struct cmsghdr){CMSG_LEN(n * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(&control), files, n * sizeof(int));
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* With n copies of one. */
static ssize_t
send_file(int fd, int file, size_t n)
{
    int files[SCM_MAX_FD];

    for (size_t i = 0; i < n; i++)
        files[i] = file;
    return send_files(fd, files, n);
}

static void
make_pair(int fds[2])
{
    check_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void
close_pair(const int fds[2])
{
    check_eq(close(fds[0]), 0);
    check_eq(close(fds[1]), 0);
}

/* A socket that its own queue holds, or that of one that it holds, would stay
 * for ever once nobody else has it. */
static void
circles_are_refused(void)
{
    int a[2], b[2], c[2];

    make_pair(a);
    make_pair(b);
    make_pair(c);
    check_fails(ETOOMANYREFS, send_file(a[0], a[1], 1));
    check_eq(send_file(a[0], a[0], 1), 1);
    check_eq(send_file(a[0], b[1], 1), 1); /* a[1] holds b[1] */
    check_eq(send_file(b[0], c[1], 1), 1); /* which holds c[1] */
    check_fails(ETOOMANYREFS, send_file(c[0], a[1], 1));
    check_fails(ETOOMANYREFS, send_file(c[0], b[1], 1));
    check_fails(ETOOMANYREFS, send_file(b[0], a[1], 1));
    /* Not the first of a message, nor one that another leads to. */
    check_fails(ETOOMANYREFS,
                send_files(c[0], (int[]){a[0], c[1], b[0], c[1]}, 4));
    check_fails(ETOOMANYREFS,
                send_files(c[0], (int[]){b[0], STDOUT_FILENO, b[1], a[1]}, 4));
    check_eq(send_file(c[0], a[0], 1), 1); /* that holds nothing */
    check_eq(send_file(a[0], c[1], 1), 1); /* two ways to one */
    close_pair(c);
    close_pair(b);
    close_pair(a);
}

/* A listening socket holds the connections that wait for it. */
static void
backlogs_are_in_circles(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int client = socket(AF_UNIX, SOCK_STREAM, 0), end;

    check_eq(bind(fd, HERE), 0);
    check_eq(listen(fd, 1), 0);
    check_eq(connect(client, HERE), 0);
    check_fails(ETOOMANYREFS, send_file(client, fd, 1));
    end = accept(fd, NULL, NULL);
    check(end >= 0);
    check_eq(send_file(client, fd, 1), 1);
    check_eq(close(end), 0);
    check_eq(close(client), 0);
    check_eq(close(fd), 0);
}

/* A user has so many files on their way, and has them back when they arrive,
 * or never will. */
static void
files_are_counted(void)
{
    int fds[2], n = 0;
    char byte;

    make_pair(fds);
    for (int round = 0; round < 2; round++) {
        for (n = 0; send_file(fds[0], STDOUT_FILENO, 200) == 1; n++)
            ;
        check_eq(errno, ETOOMANYREFS);
        check_eq(n, 5);
        check_eq(send_file(fds[0], STDOUT_FILENO, 1), 1);
        while (recv(fds[1], &byte, 1, MSG_DONTWAIT) == 1)
            ;
    }
    check_eq(send_file(fds[0], STDOUT_FILENO, 253), 1);
    close_pair(fds);
    make_pair(fds);
    for (n = 0; n < 5; n++)
        check_eq(send_file(fds[0], STDOUT_FILENO, 200), 1);
    close_pair(fds);
}

/* A listener that takes as many connections as can be, and one that cannot be
 * made, of which *error is why. Returns the listener. */
static int
fill_backlog(unsigned char number, int *count, int *error)
{
    struct sockaddr_un un = {AF_UNIX, "\0tests/backlog"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), client;
    un.sun_path[14] = (char)number;

    check_eq(bind(fd, (struct sockaddr *)&un, 17), 0);
    check_eq(listen(fd, 1 << 20), 0);
    for (*count = *error = 0; *error == 0; *count += *error == 0) {
        client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(client, (struct sockaddr *)&un, 17) != 0)
            *error = errno;
        check_eq(close(client), 0);
    }
    return fd;
}

/* Connections that nobody accepts are limited, each listener's and each
 * user's, whose descriptors they are none of. */
static void
connect_in_vain(void)
{
    int fds[250], n = 0, count, error = 0;

    check_eq(setgid(5), 0);
    check_eq(setuid(5), 0);
    for (; n < 250 && error != ENOBUFS; n++) {
        fds[n] = fill_backlog((unsigned char)(n + 1), &count, &error);
        if (error != ENOBUFS) {
            check_eq(error, EAGAIN);
            check_eq(count, SOMAXCONN + 1);
        }
    }
    check_eq(error, ENOBUFS);
    while (n > 0)
        check_eq(close(fds[--n]), 0);
    check_eq(close(fill_backlog(1, &count, &error)), 0);
    check_eq(count, SOMAXCONN + 1);
}

static void
backlogs_are_limited(void)
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        connect_in_vain();
        _exit(tap_end_case("a user fills backlogs"));
    }
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

/* Fills sockets until there is no more memory for it. */
static void
fill_memory(void)
{
    static char bytes[16000];
    int fds[400][2], n = 0;
    bool refused = false;

    check_eq(setgid(5), 0);
    check_eq(setuid(5), 0);
    for (; n < 400 && !refused; n++) {
        make_pair(fds[n]);
        while (send(fds[n][0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
            ;
        refused = errno == ENOBUFS;
    }
    check(refused);
    /* What is given back can be had again. */
    close_pair(fds[0]);
    make_pair(fds[0]);
    check_eq(send(fds[0][0], bytes, 1000, MSG_DONTWAIT), 1000);
}

static void
memory_is_shared_out(void)
{
    int fds[2], ends[2], status = -1;
    char byte;
    pid_t pid;

    check_eq(pipe(ends), 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        fill_memory();
        status = tap_end_case("a user fills its share");
        check_eq(write(ends[1], "x", 1), 1);
        for (;;)
            usleep(1000000);
        _exit(status);
    }
    check_eq(read(ends[0], &byte, 1), 1);
    make_pair(fds); /* others have theirs */
    check_eq(send(fds[0], "x", 1, MSG_DONTWAIT), 1);
    close_pair(fds);
    check_eq(kill(pid, SIGKILL), 0);
    check_eq(waitpid(pid, &status, 0), pid);
    close_pair(ends);
}

/* A peer that connects and does nothing, or goes away at the worst moment,
 * costs nobody else anything. */
static void
peers_are_no_trouble(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), idle[4], end;
    char text[16];

    check_eq(bind(fd, HERE), 0);
    check_eq(listen(fd, 8), 0);
    for (int i = 0; i < 4; i++) {
        idle[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        check_eq(connect(idle[i], HERE), 0);
        check_eq(send(idle[i], "half a mess", 11, 0), 11);
    }
    check_eq(close(idle[1]), 0); /* not accepted yet */
    for (int i = 0; i < 4; i++) {
        end = accept(fd, NULL, NULL);
        check_eq(recv(end, text, sizeof(text), 0), 11);
        check_fails(EAGAIN, i == 1 ? (errno = EAGAIN, -1)
                                   : recv(end, text, 1, MSG_DONTWAIT));
        if (i == 1) {
            check_eq(recv(end, text, 1, 0), 0);
            check_fails(EPIPE, send(end, "x", 1, MSG_NOSIGNAL));
        }
        check_eq(close(end), 0);
    }
    check_eq(close(fd), 0);
    for (int i = 0; i < 4; i++)
        if (i != 1)
            check_eq(close(idle[i]), 0);
}

/* Who cannot have a descriptor for a connection finds it again later. */
static void
connections_wait_for_descriptors(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), fds[1024], n = 0, end;
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    char text[8];

    check_eq(bind(fd, HERE), 0);
    check_eq(listen(fd, 1), 0);
    check_eq(connect(client, HERE), 0);
    check_eq(send(client, "hello", 5, 0), 5);
    while ((fds[n] = dup(fd)) >= 0)
        n++;
    check_fails(EMFILE, accept(fd, NULL, NULL));
    check_fails(EMFILE, accept(fd, NULL, NULL));
    while (n > 0)
        close(fds[--n]);
    end = accept(fd, NULL, NULL);
    check_eq(recv(end, text, sizeof(text), 0), 5);
    check_eq(close(end), 0);
    check_eq(close(client), 0);
    check_eq(close(fd), 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(circles_are_refused),
        TAP_CASE(backlogs_are_in_circles),
        TAP_CASE(files_are_counted),
        TAP_CASE(backlogs_are_limited),
        TAP_CASE(memory_is_shared_out),
        TAP_CASE(peers_are_no_trouble),
        TAP_CASE(connections_wait_for_descriptors),
    };

    return tap_run(cases, ARRAY_LEN(cases));
}
