#include <sys/socket.h>
#include <errno.h>
#include <riscv.h>
#include <sys/syscall.h>

/* A system call of up to six arguments; all of them are integers to it. */
#define CALL(name, a, b, c, d, e, f)                                         \
    errno_result(riscv_syscall6(SYS_##name, (long)(a), (long)(b), (long)(c), \
                                (long)(d), (long)(e), (long)(f)))

int
socket(int domain, int type, int protocol)
{
    return (int)CALL(socket, domain, type, protocol, 0, 0, 0);
}

int
socketpair(int domain, int type, int protocol, int fds[2])
{
    return (int)CALL(socketpair, domain, type, protocol, fds, 0, 0);
}

int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return (int)CALL(bind, fd, address, len, 0, 0, 0);
}

int
listen(int fd, int backlog)
{
    return (int)CALL(listen, fd, backlog, 0, 0, 0, 0);
}

int
accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return accept4(fd, address, len, 0);
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    return (int)CALL(accept4, fd, address, len, flags, 0, 0);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return (int)CALL(connect, fd, address, len, 0, 0, 0);
}

int
shutdown(int fd, int how)
{
    return (int)CALL(shutdown, fd, how, 0, 0, 0, 0);
}

int
getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    return (int)CALL(getsockname, fd, address, len, 0, 0, 0);
}

int
getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    return (int)CALL(getpeername, fd, address, len, 0, 0, 0);
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    return (int)CALL(getsockopt, fd, level, option, value, len, 0);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    return (int)CALL(setsockopt, fd, level, option, value, len, 0);
}

ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
    return sendto(fd, bytes, len, flags, NULL, 0);
}

ssize_t
recv(int fd, void *bytes, size_t len, int flags)
{
    return recvfrom(fd, bytes, len, flags, NULL, NULL);
}

ssize_t
sendto(int fd, const void *bytes, size_t len, int flags,
       const struct sockaddr *to, socklen_t to_len)
{
    return CALL(sendto, fd, bytes, len, flags, to, to_len);
}

ssize_t
recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
         socklen_t *from_len)
{
    return CALL(recvfrom, fd, bytes, len, flags, from, from_len);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    return CALL(sendmsg, fd, message, flags, 0, 0, 0);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
    return CALL(recvmsg, fd, message, flags, 0, 0, 0);
}

struct cmsghdr *
cmsg_next(const struct msghdr *message, struct cmsghdr *c)
{
    char *end = (char *)message->msg_control + message->msg_controllen;
    size_t step = CMSG_ALIGN(c->cmsg_len);

    if (c->cmsg_len < sizeof(*c) ||
        step + sizeof(*c) > (size_t)(end - (char *)c))
        return NULL;
    return (struct cmsghdr *)((char *)c + step);
}
