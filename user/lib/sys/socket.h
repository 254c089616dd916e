/* Sockets of this machine: AF_UNIX. What returns int returns 0 or a
 * descriptor, what returns ssize_t bytes; -1 with errno set if it fails. */
#pragma once

#include "abi/socket.h"
#include <sys/types.h>
#include <sys/uio.h>

#define AF_LOCAL AF_UNIX
#define PF_UNIX  AF_UNIX

typedef uint32_t socklen_t;
typedef uint16_t sa_family_t;

struct sockaddr {
    sa_family_t sa_family;
    char sa_data[14];
};

struct msghdr {
    void *msg_name;
    socklen_t msg_namelen;
    struct iovec *msg_iov;
    size_t msg_iovlen;
    void *msg_control;
    size_t msg_controllen;
    int msg_flags;
};

/* What goes beside the bytes of a message, and its data behind it. */
struct cmsghdr {
    size_t cmsg_len; /* with this header */
    int cmsg_level;
    int cmsg_type;
};

#define CMSG_ALIGN(n) (((n) + 7) & ~(size_t)7)
#define CMSG_SPACE(n) (sizeof(struct cmsghdr) + CMSG_ALIGN(n))
#define CMSG_LEN(n)   (sizeof(struct cmsghdr) + (n))
#define CMSG_DATA(c)  ((unsigned char *)((struct cmsghdr *)(c) + 1))
#define CMSG_FIRSTHDR(m)                           \
    ((m)->msg_controllen >= sizeof(struct cmsghdr) \
         ? (struct cmsghdr *)(m)->msg_control      \
         : (struct cmsghdr *)0)
#define CMSG_NXTHDR(m, c) cmsg_next(m, c)

/* The header behind c, or NULL: none is left that is whole. */
struct cmsghdr *cmsg_next(const struct msghdr *message, struct cmsghdr *c);

int socket(int domain, int type, int protocol);
int socketpair(int domain, int type, int protocol, int fds[2]);
int bind(int fd, const struct sockaddr *address, socklen_t len);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *address, socklen_t *len);
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int connect(int fd, const struct sockaddr *address, socklen_t len);
int shutdown(int fd, int how);
int getsockname(int fd, struct sockaddr *address, socklen_t *len);
int getpeername(int fd, struct sockaddr *address, socklen_t *len);
int getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int setsockopt(int fd, int level, int option, const void *value, socklen_t len);

ssize_t send(int fd, const void *bytes, size_t len, int flags);
ssize_t recv(int fd, void *bytes, size_t len, int flags);
ssize_t sendto(int fd, const void *bytes, size_t len, int flags,
               const struct sockaddr *to, socklen_t to_len);
ssize_t recvfrom(int fd, void *bytes, size_t len, int flags,
                 struct sockaddr *from, socklen_t *from_len);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
