/* What the tests of sockets have in common. */
#pragma once

#include "later.h"

/* Bad arguments are the point. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#define UNUSED __attribute__((unused))

UNUSED static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

/* result, or the negated errno of a call that failed */
UNUSED static int
got(long result)
{
    return result < 0 ? -errno : (int)result;
}

UNUSED static socklen_t
address(struct sockaddr_un *un, const char *name)
{
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    if (name[0] == '@') {
        memcpy(un->sun_path + 1, name + 1, strlen(name + 1));
        return offsetof(struct sockaddr_un, sun_path) + strlen(name);
    }
    strcpy(un->sun_path, name);
    return sizeof *un;
}

UNUSED static int
bind_to(int fd, const char *name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    return got(bind(fd, (struct sockaddr *)&un, len));
}

UNUSED static int
connect_to(int fd, const char *name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    return got(connect(fd, (struct sockaddr *)&un, len));
}

UNUSED static int
send_to(int fd, const char *name, const char *text)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    return got(sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                      (struct sockaddr *)&un, len));
}

/* What poll says at once. */
UNUSED static int
ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

UNUSED static int
listener(const char *name, int type, int backlog)
{
    int fd = socket(AF_UNIX, type, 0);
    tap_ok(fd >= 0 && bind_to(fd, name) == 0 && listen(fd, backlog) == 0, name);
    return fd;
}
