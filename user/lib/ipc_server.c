/* The side that answers: many connections, none of which can hold up or harm
 * another. */
#include "ipc.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void
ipc_adopt(struct ipc_server *s, int fd)
{
    s->fd = fd;
    s->next_serial = 0;
    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++)
        s->clients[i].fd = -1;
}

int
ipc_listen(struct ipc_server *s, const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int fd, bound;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    unlink(path);
    /* The mode counts from the first moment. */
    mask = umask(~mode & 0777);
    bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (bound != 0 || listen(fd, IPC_CLIENTS_MAX) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    ipc_adopt(s, fd);
    return 0;
}

static void
ipc_drop(struct ipc_client *c)
{
    close(c->fd);
    c->fd = -1;
}

void
ipc_close(struct ipc_server *s)
{
    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++)
        if (s->clients[i].fd >= 0)
            ipc_drop(&s->clients[i]);
    close(s->fd);
    s->fd = -1;
}

/* ---- Who is let in ---- */

/* A place for one more connection of this user, or NULL. */
static struct ipc_client *
ipc_find_place(struct ipc_server *s, uid_t uid)
{
    uint32_t free_ = 0, same = 0;
    struct ipc_client *place = NULL;

    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++) {
        struct ipc_client *c = &s->clients[i];
        if (c->fd < 0) {
            place = c;
            free_++;
        } else if (c->peer.uid == uid) {
            same++;
        }
    }
    if (uid != 0 && (free_ <= IPC_ROOTS_OWN || same >= IPC_USER_MAX))
        return NULL;
    return place;
}

static void
ipc_drop_idle(struct ipc_server *s)
{
    int64_t now = ipc_now_ms();

    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++) {
        struct ipc_client *c = &s->clients[i];
        if (c->fd >= 0 && !c->waits && now - c->last_heard >= s->idle_ms)
            ipc_drop(c);
    }
}

/* Gives a connection a place, in which it will be heard. */
static void
ipc_admit(struct ipc_server *s, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    struct ipc_client *c;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        close(fd);
        return;
    }
    c = ipc_find_place(s, peer.uid);
    if (!c) {
        ipc_drop_idle(s);
        c = ipc_find_place(s, peer.uid);
    }
    if (!c) {
        close(fd);
        return;
    }
    *c = (struct ipc_client){
        .fd = fd,
        .peer = peer,
        .serial = s->next_serial++,
        .last_heard = ipc_now_ms(),
    };
}

/* Takes a connection, or turns it away. False if there is none. */
static bool
ipc_accept(struct ipc_server *s)
{
    int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return errno == ECONNABORTED || errno == EINTR;
    ipc_admit(s, fd);
    return true;
}

/* ---- Answers ---- */

/* Sends a reply. A client that has so many that it takes no more is not
 * waited for. */
static void
ipc_send_reply(struct ipc_client *c, struct ipc_header header, const void *data)
{
    struct ipc_packet p = {.header = header, .data = (void *)data};

    p.header.magic = IPC_MAGIC;
    p.header.version = IPC_VERSION;
    p.header.type |= IPC_REPLY;
    if (ipc_send(c->fd, &p) != 0)
        ipc_drop(c);
}

void
ipc_reply(struct ipc_server *s, struct ipc_request *r, int status,
          const void *data, size_t length)
{
    struct ipc_client *c = &s->clients[r->client];

    if (!r->done && c->fd >= 0)
        ipc_send_reply(c,
                       (struct ipc_header){.type = r->type,
                                           .id = r->id,
                                           .length = (uint32_t)length,
                                           .status = status},
                       data);
    r->done = true;
}

/* Whether this user may wait for one more answer. */
static bool
ipc_may_wait(const struct ipc_server *s, uid_t uid)
{
    uint32_t waiting = 0;

    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++)
        waiting += s->clients[i].fd >= 0 && s->clients[i].waits &&
                   s->clients[i].peer.uid == uid;
    return uid == 0 || waiting < IPC_USER_WAITS;
}

struct ipc_ticket
ipc_put_off(struct ipc_server *s, struct ipc_request *r)
{
    struct ipc_client *c = &s->clients[r->client];

    if (ipc_may_wait(s, c->peer.uid))
        c->waits = true;
    else
        ipc_reply(s, r, -EBUSY, NULL, 0);
    r->done = true;
    return (struct ipc_ticket){
        .client = r->client, .serial = c->serial, .id = r->id, .type = r->type};
}

bool
ipc_is_waiting(const struct ipc_server *s, const struct ipc_ticket *t)
{
    const struct ipc_client *c = &s->clients[t->client];

    return c->fd >= 0 && c->serial == t->serial && c->waits;
}

bool
ipc_answer(struct ipc_server *s, const struct ipc_ticket *t, int status,
           const void *data, size_t length)
{
    struct ipc_client *c = &s->clients[t->client];

    if (!ipc_is_waiting(s, t))
        return false;
    c->waits = false;
    c->last_heard = ipc_now_ms();
    ipc_send_reply(c,
                   (struct ipc_header){.type = t->type,
                                       .id = t->id,
                                       .length = (uint32_t)length,
                                       .status = status},
                   data);
    return true;
}

/* ---- Requests ---- */

/* Reads a request and has it answered, or ends the connection. */
static void
ipc_handle_client(struct ipc_server *s, uint32_t number)
{
    struct ipc_client *c = &s->clients[number];
    struct ipc_packet p = {
        .data = s->data, .room = sizeof(s->data), .fd_room = s->fd_room};
    struct ipc_request r;
    int got = ipc_receive(c->fd, &p);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got < 0 && errno == EPROTONOSUPPORT) /* tell it our version */
        ipc_send_reply(
            c,
            (struct ipc_header){.id = p.header.id, .status = -EPROTONOSUPPORT},
            NULL);
    if (got <= 0 || (p.header.type & IPC_REPLY) || c->waits) {
        ipc_close_fds(&p);
        if (c->fd >= 0)
            ipc_drop(c);
        return;
    }
    c->last_heard = ipc_now_ms();
    r = (struct ipc_request){.type = p.header.type,
                             .data = s->data,
                             .length = p.header.length,
                             .peer = c->peer,
                             .packet = &p,
                             .client = number,
                             .id = p.header.id};
    s->handle(s, &r);
    if (!r.done)
        ipc_reply(s, &r, -ENOSYS, NULL, 0);
    ipc_close_fds(&p);
}

void
ipc_polls(const struct ipc_server *s, struct pollfd fds[IPC_POLLS])
{
    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++)
        fds[i] = (struct pollfd){.fd = s->clients[i].fd, .events = POLLIN};
    fds[IPC_CLIENTS_MAX] = (struct pollfd){.fd = s->fd, .events = POLLIN};
}

void
ipc_handle(struct ipc_server *s, const struct pollfd fds[IPC_POLLS])
{
    /* A client that was dropped on the way is not there any more. */
    for (uint32_t i = 0; i < IPC_CLIENTS_MAX; i++)
        if (fds[i].revents && s->clients[i].fd == fds[i].fd)
            ipc_handle_client(s, i);
    /* The last, so that no descriptor polled is another's meanwhile. */
    if (fds[IPC_CLIENTS_MAX].revents)
        for (uint32_t i = 0; i < IPC_CLIENTS_MAX && ipc_accept(s); i++)
            ;
}

int
ipc_serve(struct ipc_server *s, int timeout)
{
    struct pollfd fds[IPC_POLLS];
    int ready;

    ipc_polls(s, fds);
    ready = poll(fds, IPC_POLLS, timeout);
    if (ready > 0)
        ipc_handle(s, fds);
    return ready;
}
