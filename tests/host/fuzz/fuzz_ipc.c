// SOURCES: user/lib/ipc_packet.c user/lib/ipc_client.c user/lib/ipc_server.c
/* Requests between processes: whatever several clients send, the server
 * answers, or hangs up, and keeps no descriptor; a good client is served all
 * the same. */
#include "fuzz.h"

#include "../../../user/lib/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS   4u
#define STEPS_MAX 32u

enum { ECHO = 1, LATER, KEEP, NOTHING };

static struct ipc_server server;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct ipc_ticket ticket;
static int clients[CLIENTS];

static void
handle(struct ipc_server *s, struct ipc_request *r)
{
    switch (r->type) {
    case ECHO:
        ipc_reply(s, r, 0, r->data, r->length);
        break;
    case LATER:
        ticket = ipc_put_off(s, r);
        break;
    case KEEP: /* takes a descriptor out of the packet */
        if (r->packet->fd_count > 0) {
            close(r->packet->fds[0]);
            r->packet->fds[0] = -1;
        }
        ipc_reply(s, r, -EINVAL, NULL, 0);
    }
}

static void
settle(void)
{
    for (int i = 0; i < 64 && ipc_serve(&server, 0) > 0; i++)
        ;
}

static int
join(void)
{
    const struct sockaddr *to = (struct sockaddr *)&address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    FUZZ_CHECK(fd >= 0);
    if (connect(fd, to, sizeof(address)) != 0) {
        settle(); /* so many have not been accepted yet */
        FUZZ_CHECK(connect(fd, to, sizeof(address)) == 0);
    }
    return fd;
}

/* A packet whose header is as it should be, or not, or no header at all. */
static void
send_one(struct fuzz_input *in, int fd)
{
    unsigned how = fuzz_choose(in, 8), nfds = how < 2 ? fuzz_choose(in, 8) : 0;
    size_t n = fuzz_number(in, how == 2 ? 2 : 1);
    char control[CMSG_SPACE(8 * sizeof(int))] = {0};
    struct ipc_header header = {.magic = IPC_MAGIC, .version = IPC_VERSION};
    uint8_t *data = fuzz_copy(in, n);

    header.type = (uint16_t)fuzz_choose(in, 6);
    header.length = (uint32_t)n;
    header.id = (uint32_t)fuzz_number(in, 1);
    if (how == 3)
        ((uint8_t *)&header)[fuzz_choose(in, sizeof(header))] ^=
            (uint8_t)fuzz_number(in, 1);
    struct iovec parts[] = {
        {&header, how == 4 ? n % sizeof(header) : sizeof(header)},
        {data, how == 4 ? 0 : n}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    if (nfds > 0) {
        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        *c = (struct cmsghdr){CMSG_LEN(nfds * sizeof(int)), SOL_SOCKET,
                              SCM_RIGHTS};
        for (unsigned i = 0; i < nfds; i++)
            memcpy(CMSG_DATA(c) + i * sizeof(int), &server.fd, sizeof(int));
    }
    (void)!sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    free(data);
}

static void
receive_one(struct fuzz_input *in, int fd)
{
    size_t room = fuzz_number(in, 1);
    struct ipc_packet p = {.data = malloc(room + 1),
                           .room = (uint32_t)room,
                           .fd_room = fuzz_choose(in, 3)};

    if (ipc_receive(fd, &p) == 1) {
        FUZZ_CHECK(p.header.length <= room && p.fd_count <= p.fd_room);
        FUZZ_CHECK(p.header.type & IPC_REPLY);
        ipc_close_fds(&p);
    }
    free(p.data);
}

static void
step(struct fuzz_input *in)
{
    int *fd = &clients[fuzz_choose(in, CLIENTS)];

    if (*fd < 0) {
        *fd = join();
        return;
    }
    switch (fuzz_choose(in, 8)) {
    case 0:
    case 1:
    case 2:
    case 3:
        send_one(in, *fd);
        break;
    case 4:
        receive_one(in, *fd);
        break;
    case 5:
        settle();
        break;
    case 6:
        close(*fd);
        *fd = -1;
        break;
    case 7:
        if (ticket.serial)
            (void)ipc_answer(&server, &ticket, 0, "late", 4);
        break;
    }
}

/* Descriptors are given away from the least on: whether one more is left open.
 */
static int
least_free(void)
{
    int fd = fcntl(server.fd, F_DUPFD_CLOEXEC, 0);

    close(fd);
    return fd;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
             "umbra-fuzz-%d", getpid());
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    FUZZ_CHECK(listen(fd, 16) == 0);
    server.handle = handle;
    server.idle_ms = 60000;
    server.fd_room = 2;
    ipc_adopt(&server, fd);
    memset(clients, -1, sizeof(clients));
    return 0;
}

static void
check_good_client(void)
{
    char room[8];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    struct ipc_packet request = {
        .header = {IPC_MAGIC, IPC_VERSION, ECHO, 5, 7, 0},
        .data = (void *)(uintptr_t) "hello"};
    int fd = join();

    FUZZ_CHECK(ipc_send(fd, &request) == 0);
    settle();
    FUZZ_CHECK(ipc_receive(fd, &reply) == 1);
    FUZZ_CHECK(reply.header.status == 0 && reply.header.length == 5);
    close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    int before = least_free();

    ticket = (struct ipc_ticket){0};
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++)
        step(&in);
    settle();
    check_good_client();
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i] >= 0)
            close(clients[i]);
        clients[i] = -1;
    }
    settle();
    FUZZ_CHECK(least_free() == before);
    return 0;
}
