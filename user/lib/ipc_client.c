/* The side that asks. */
#include "ipc.h"
#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define IPC_RETRY_MS 10 /* there is no telling when a queue gets room */

/* What is left of a time limit, for poll; -1 for ever. */
static int
ipc_time_left(int64_t end)
{
    int64_t left = end - ipc_now_ms();

    if (end < 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

/* When timeout ms are over; -1 never. */
static int64_t
ipc_end(int timeout)
{
    return timeout < 0 ? -1 : ipc_now_ms() + timeout;
}

static int
ipc_fail(int error)
{
    errno = error;
    return -1;
}

int
ipc_connect(const char *path, int timeout)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t end = ipc_end(timeout);
    int fd;

    if (strlen(path) >= sizeof(address.sun_path))
        return ipc_fail(ENAMETOOLONG);
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = errno;
        if ((error == EAGAIN || error == EINTR) && ipc_time_left(end) != 0) {
            poll(NULL, 0, IPC_RETRY_MS);
            continue;
        }
        close(fd);
        return ipc_fail(error == EAGAIN ? ETIMEDOUT : error);
    }
    return fd;
}

/* Waits for one of the events. */
static int
ipc_await(int fd, short events, int64_t end)
{
    struct pollfd one = {.fd = fd, .events = events};
    int n;

    do
        n = poll(&one, 1, ipc_time_left(end));
    while (n < 0 && errno == EINTR);
    return n == 0 ? ipc_fail(ETIMEDOUT) : n < 0 ? -1 : 0;
}

int
ipc_call(int fd, const struct ipc_packet *request, struct ipc_packet *reply,
         int timeout)
{
    static uint32_t last_id;
    struct ipc_packet out = *request;
    int64_t end = ipc_end(timeout);

    out.header.magic = IPC_MAGIC;
    out.header.version = IPC_VERSION;
    out.header.id = ++last_id;
    out.header.status = 0;
    while (ipc_send(fd, &out) != 0) {
        if (errno == EPIPE)
            return ipc_fail(ECONNRESET);
        if (errno != EAGAIN || ipc_await(fd, POLLOUT, end) != 0)
            return -1;
    }
    for (;;) {
        int got = ipc_receive(fd, reply);
        if (got == 0)
            return ipc_fail(ECONNRESET);
        if (got < 0 && errno != EAGAIN)
            return -1;
        if (got < 0) {
            if (ipc_await(fd, POLLIN, end) != 0)
                return -1;
            continue;
        }
        if (reply->header.id == out.header.id &&
            reply->header.type == (out.header.type | IPC_REPLY))
            return 0;
        ipc_close_fds(reply);
        if (!(reply->header.type & IPC_REPLY))
            return ipc_fail(EPROTO);
    }
}
