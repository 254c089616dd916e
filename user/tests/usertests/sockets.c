/* Calls on sockets. */
#include "usertests.h"
#include <string.h>
#include <sys/socket.h>

static const struct sockaddr_un nowhere = {AF_UNIX, "nowhere"};
static const struct sockaddr_un strange = {2, "nowhere"};
static const struct sockaddr_un here = {AF_UNIX, "socket"};

static void
socket_names(void)
{
    bad(EAFNOSUPPORT, socket, 2, SOCK_STREAM, 0);
    bad(ESOCKTNOSUPPORT, socket, AF_UNIX, 4, 0);
    bad(EPROTONOSUPPORT, socket, AF_UNIX, SOCK_STREAM, 17);
    bad(EINVAL, socket, AF_UNIX, 0x777, 0);
    bad(EFAULT, socketpair, AF_UNIX, SOCK_STREAM, 0, NO_PAGE);
    bad(EFAULT, socketpair, AF_UNIX, SOCK_STREAM, 0, read_only);
    bad(EAFNOSUPPORT, socketpair, 10, SOCK_STREAM, 0, buffer);
    bad(EBADF, bind, FD_NONE, &here, sizeof(here));
    bad(ENOTSOCK, bind, FD_FILE, &here, sizeof(here));
    bad(EBADF, listen, FD_NONE, 1);
    bad(ENOTSOCK, listen, FD_PIPE_R, 1);
    bad(EBADF, accept, FD_NONE, NULL, NULL);
    bad(ENOTSOCK, accept, FD_NULL, NULL, NULL);
    bad(EBADF, accept4, FD_PATH, NULL, NULL, 0);
    bad(ENOTSOCK, accept4, FD_DIR, NULL, NULL, 0);
    bad(EBADF, connect, FD_NONE, &here, sizeof(here));
    bad(ENOTSOCK, connect, FD_FILE, &here, sizeof(here));
    bad(EBADF, getsockname, FD_NONE, buffer, buffer);
    bad(ENOTSOCK, getsockname, FD_FILE, buffer, buffer);
    bad(EBADF, getpeername, FD_NONE, buffer, buffer);
    bad(ENOTSOCK, getpeername, FD_FILE, buffer, buffer);
    bad(EBADF, shutdown, FD_NONE, SHUT_RD);
    bad(ENOTSOCK, shutdown, FD_FILE, SHUT_RD);
}

static void
socket_messages(void)
{
    bad(EBADF, sendto, FD_NONE, "x", 1, 0, NULL, 0);
    bad(ENOTSOCK, sendto, FD_PIPE_W, "x", 1, 0, NULL, 0);
    bad(EBADF, recvfrom, FD_NONE, buffer, 1, 0, NULL, NULL);
    bad(ENOTSOCK, recvfrom, FD_PIPE_R, buffer, 1, 0, NULL, NULL);
    bad(EBADF, sendmsg, FD_NONE, buffer, 0);
    bad(ENOTSOCK, sendmsg, FD_FILE, buffer, 0);
    bad(EBADF, recvmsg, FD_NONE, buffer, 0);
    bad(ENOTSOCK, recvmsg, FD_FILE, buffer, 0);
    bad(EBADF, setsockopt, FD_NONE, SOL_SOCKET, SO_PASSCRED, buffer, 4);
    bad(ENOTSOCK, setsockopt, FD_FILE, SOL_SOCKET, SO_PASSCRED, buffer, 4);
    bad(EBADF, getsockopt, FD_NONE, SOL_SOCKET, SO_TYPE, buffer, buffer);
    bad(ENOTSOCK, getsockopt, FD_FILE, SOL_SOCKET, SO_TYPE, buffer, buffer);
}

void
bad_sockets(void)
{
    socket_names();
    socket_messages();
}

static void
sockets_are_named(void)
{
    struct sockaddr_un un;
    socklen_t len = sizeof(un);
    long fd = call(socket, AF_UNIX, SOCK_STREAM, 0);
    long other = call(socket, AF_UNIX, SOCK_STREAM, 0), end;

    check_fails(EINVAL, call(bind, fd, &strange, sizeof(strange)));
    check_fails(EINVAL, call(bind, fd, &here, 1));
    check_fails(EFAULT, call(bind, fd, KERNEL_PAGE, sizeof(here)));
    check_fails(EINVAL, call(listen, fd, 5));
    check_eq(call(bind, fd, &here, sizeof(here)), 0);
    check_fails(EADDRINUSE, call(bind, other, &here, sizeof(here)));
    check_eq(call(getsockname, fd, &un, &len), 0);
    check_eq(strcmp(un.sun_path, "socket"), 0);
    check_fails(EFAULT, call(getsockname, fd, &un, NO_PAGE));
    check_fails(ENXIO, call(openat, AT_FDCWD, "socket", O_RDWR, 0));
    check_fails(ECONNREFUSED, call(connect, other, &here, sizeof(here)));
    check_eq(call(listen, fd, 5), 0);
    check_fails(ENOENT, call(connect, other, &nowhere, sizeof(nowhere)));
    check_fails(ENOTCONN, call(getpeername, other, &un, &len));
    check_eq(call(connect, other, &here, sizeof(here)), 0);
    check_eq(call(getpeername, other, &un, &len), 0);
    check_fails(EFAULT, call(accept, fd, NO_PAGE, &len));
    check_eq(call(close, other), 0);
    other = call(socket, AF_UNIX, SOCK_STREAM, 0);
    check_eq(call(connect, other, &here, sizeof(here)), 0);
    check_fails(EINVAL, call(accept4, fd, NULL, NULL, 7));
    end = call(accept4, fd, NULL, NULL, SOCK_CLOEXEC);
    check_eq(call(fcntl, end, F_GETFD, 0), FD_CLOEXEC);
    check_fails(EINVAL, call(shutdown, end, 3));
    check_eq(call(shutdown, end, SHUT_WR), 0);
    check_eq(call(recvfrom, other, buffer, 9, 0, NULL, NULL), 0);
    check_eq(call(close, end), 0);
    check_eq(call(close, other), 0);
    other = call(socket, AF_UNIX, SOCK_STREAM, 0);
    check_eq(call(connect, other, &here, sizeof(here)), 0);
    end = call(accept, fd, NULL, NULL);
    check_eq(call(close, end), 0);
    check_eq(call(close, other), 0);
    check_eq(call(close, fd), 0);
    check_eq(call(unlinkat, AT_FDCWD, "socket", 0), 0);
}

static void
sockets_carry_bytes(void)
{
    int fds[2];
    char text[8];

    check_eq(call(socketpair, AF_UNIX, SOCK_DGRAM, 0, fds), 0);
    check_eq(call(sendto, fds[0], "abc", 3, 0, NULL, 0), 3);
    check_fails(EFAULT, call(sendto, fds[0], NO_PAGE, 3, 0, NULL, 0));
    check_fails(EINVAL, call(sendto, fds[0], "abc", 3, 0, &strange, 9));
    check_fails(EFAULT, call(recvfrom, fds[1], NO_PAGE, 3, 0, NULL, NULL));
    check_fails(EOPNOTSUPP, call(recvfrom, fds[1], text, 3, 1, NULL, NULL));
    check_eq(call(recvfrom, fds[1], text, 8, 0, NULL, NULL), 3);
    check_fails(EAGAIN,
                call(recvfrom, fds[1], text, 8, MSG_DONTWAIT, NULL, NULL));
    check_eq(call(close, fds[0]), 0);
    check_fails(ECONNREFUSED, call(sendto, fds[1], "x", 1, 0, NULL, 0));
    check_eq(call(close, fds[1]), 0);
}

static void
sockets_carry_messages(void)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    char text[8];
    struct iovec vector = {text, sizeof(text)};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct msghdr broken = {.msg_iov = KERNEL_PAGE, .msg_iovlen = 1};
    int fds[2], *fd = (int *)CMSG_DATA(&control);

    check_eq(call(socketpair, AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    *fd = FD_NONE;
    check_fails(EBADF, call(sendmsg, fds[0], &message, 0));
    check_fails(EFAULT, call(sendmsg, fds[0], &broken, 0));
    check_fails(EFAULT, call(sendmsg, fds[0], NO_PAGE, 0));
    *fd = FD_FILE;
    check_eq(call(sendmsg, fds[0], &message, 0), sizeof(text));
    check_fails(EFAULT, call(recvmsg, fds[1], NO_PAGE, 0));
    check_eq(call(recvmsg, fds[1], &message, 0), sizeof(text));
    check_eq(message.msg_controllen, sizeof(control));
    check_eq(call(lseek, *fd, 0, SEEK_SET), 0);
    check_eq(call(pread64, *fd, text, 3, 4), 3);
    check_eq(memcmp(text, "456", 3), 0);
    check_eq(call(close, *fd), 0);
    check_eq(call(close, fds[0]), 0);
    check_eq(call(close, fds[1]), 0);
}

static void
sockets_have_options(void)
{
    int value = 1, fds[2];
    socklen_t len = sizeof(value);
    struct ucred cred;

    check_eq(call(socketpair, AF_UNIX, SOCK_STREAM, 0, fds), 0);
    check_eq(call(setsockopt, fds[0], SOL_SOCKET, SO_PASSCRED, &value, 4), 0);
    check_fails(EFAULT,
                call(setsockopt, fds[0], SOL_SOCKET, SO_PASSCRED, NO_PAGE, 4));
    check_fails(ENOPROTOOPT,
                call(setsockopt, fds[0], SOL_SOCKET, 77, &value, 4));
    check_eq(call(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, &value, &len), 0);
    check_eq(value, SOCK_STREAM);
    check_fails(EFAULT,
                call(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, NO_PAGE, &len));
    check_fails(EFAULT,
                call(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, &value, NO_PAGE));
    len = sizeof(cred);
    check_eq(call(getsockopt, fds[0], SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
    check_eq(cred.pid, getpid());
    check_eq(call(close, fds[0]), 0);
    check_eq(call(close, fds[1]), 0);
}

void
good_sockets(void)
{
    good(sockets_are_named);
    good(sockets_carry_bytes);
    good(sockets_carry_messages);
    good(sockets_have_options);
}
