#include "ipc_rig.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct ipc_server rig_server;
struct ipc_ticket rig_ticket;
char rig_path[64];

static void
handle(struct ipc_server *s, struct ipc_request *r)
{
    struct stat st;

    switch (r->type) {
    case ECHO:
        ipc_reply(s, r, 0, r->data, r->length);
        break;
    case WHO:
        ipc_reply(s, r, -EPERM, &r->peer, sizeof(r->peer));
        break;
    case LATER:
        rig_ticket = ipc_put_off(s, r);
        break;
    case SIZE_OF_FILE:
        if (r->packet->fd_count != 1 || fstat(r->packet->fds[0], &st) != 0)
            ipc_reply(s, r, -EINVAL, NULL, 0);
        else
            ipc_reply(s, r, 0, &st.st_size, sizeof(st.st_size));
    }
}

int
rig_start(void **state __attribute__((unused)))
{
    snprintf(rig_path, sizeof(rig_path), "/tmp/umbra-ipc-%d", (int)getpid());
    memset(&rig_server, 0, sizeof(rig_server));
    rig_server.handle = handle;
    rig_server.idle_ms = 60000;
    rig_server.fd_room = 2;
    return ipc_listen(&rig_server, rig_path, 0666);
}

int
rig_stop(void **state __attribute__((unused)))
{
    ipc_close(&rig_server);
    return unlink(rig_path);
}

int
rig_count_open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

void
rig_settle(void)
{
    for (int i = 0; i < 100 && ipc_serve(&rig_server, 0) > 0; i++)
        ;
}

int
rig_join(void)
{
    int fd = ipc_connect(rig_path, 1000);

    assert_true(fd >= 0);
    rig_settle();
    return fd;
}

bool
rig_is_cut(int fd)
{
    struct pollfd one = {.fd = fd};

    return poll(&one, 1, 0) == 1 && (one.revents & POLLHUP);
}

struct ipc_header
rig_header_of(uint16_t type, uint32_t length, uint32_t id)
{
    return (struct ipc_header){IPC_MAGIC, IPC_VERSION, type, length, id, 0};
}

int
rig_ask(int fd, uint16_t type, const void *data, uint32_t length,
        struct ipc_packet *reply)
{
    static uint32_t id;
    struct ipc_packet p = {.header = rig_header_of(type, length, ++id),
                           .data = (void *)data};

    if (ipc_send(fd, &p) != 0)
        return -1;
    rig_settle();
    if (ipc_receive(fd, reply) != 1)
        return -1;
    assert_int_equal(reply->header.id, id);
    assert_int_equal(reply->header.type, type | IPC_REPLY);
    return 0;
}

void
rig_assert_works(int fd)
{
    char room[16];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};

    assert_int_equal(rig_ask(fd, ECHO, "hello", 5, &reply), 0);
    assert_int_equal(reply.header.status, 0);
    assert_int_equal(reply.header.length, 5);
    assert_memory_equal(room, "hello", 5);
}
