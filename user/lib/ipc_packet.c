/* One packet over a socket, checked in every respect that both sides share. */
#include "ipc.h"
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct ipc_header) == 20, "the header is what is sent");

/* Room for the descriptors of a packet, laid out as the kernel wants it. */
union ipc_control {
    struct cmsghdr head;
    char room[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
};

int64_t
ipc_now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
ipc_send(int fd, const struct ipc_packet *p)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)&p->header, .iov_len = sizeof(p->header)},
        {.iov_base = p->data, .iov_len = p->header.length},
    };
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = p->header.length ? 2 : 1};
    union ipc_control control;

    if (p->header.length > IPC_DATA_MAX || p->fd_count > IPC_FDS_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (p->fd_count > 0) {
        size_t size = p->fd_count * sizeof(int);
        memset(&control, 0, sizeof(control));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(&control.head), p->fds, size);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

void
ipc_close_fds(struct ipc_packet *p)
{
    for (uint32_t i = 0; i < p->fd_count; i++)
        if (p->fds[i] >= 0)
            close(p->fds[i]);
    p->fd_count = 0;
}

/* Finds the descriptors that came with a message. */
static void
ipc_take_fds(struct msghdr *message, struct ipc_packet *p)
{
    struct cmsghdr *c;

    p->fd_count = 0;
    for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
            if (p->fd_count < IPC_FDS_MAX)
                p->fds[p->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

/* 0, or what is wrong with a packet of n bytes. */
static int
ipc_check(const struct ipc_packet *p, size_t n, int flags)
{
    const struct ipc_header *h = &p->header;

    if (n < sizeof(*h) || h->magic != IPC_MAGIC)
        return EPROTO;
    if (h->version != IPC_VERSION)
        return EPROTONOSUPPORT;
    if ((flags & (MSG_TRUNC | MSG_CTRUNC)) || n != sizeof(*h) + h->length ||
        p->fd_count > p->fd_room)
        return EPROTO;
    return 0;
}

int
ipc_receive(int fd, struct ipc_packet *p)
{
    struct iovec parts[2] = {
        {.iov_base = &p->header, .iov_len = sizeof(p->header)},
        {.iov_base = p->data, .iov_len = p->room},
    };
    union ipc_control control;
    struct msghdr message = {
        .msg_iov = parts,
        .msg_iovlen = p->room ? 2 : 1,
        .msg_control = p->fd_room ? &control : NULL,
        .msg_controllen = p->fd_room ? sizeof(control) : 0,
    };
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    int error;

    p->fd_count = 0;
    if (n < 0)
        return -1;
    ipc_take_fds(&message, p);
    /* A packet of no bytes says as little as the end, but may bring files. */
    error = n > 0 ? ipc_check(p, (size_t)n, message.msg_flags) : 0;
    if (n > 0 && error == 0)
        return 1;
    ipc_close_fds(p);
    errno = error;
    return n > 0 ? -1 : 0;
}
