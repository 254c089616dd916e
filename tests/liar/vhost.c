#include "vhost.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum request {
    GET_FEATURES = 1,
    SET_FEATURES = 2,
    SET_OWNER = 3,
    SET_MEM_TABLE = 5,
    SET_VRING_NUM = 8,
    SET_VRING_ADDR = 9,
    SET_VRING_BASE = 10,
    GET_VRING_BASE = 11,
    SET_VRING_KICK = 12,
    SET_VRING_CALL = 13,
    SET_VRING_ERR = 14,
    GET_PROTOCOL_FEATURES = 15,
    SET_PROTOCOL_FEATURES = 16,
    GET_QUEUE_NUM = 17,
    SET_VRING_ENABLE = 18,
    SET_BACKEND_REQ_FD = 21,
    GET_CONFIG = 24,
    SET_CONFIG = 25,
};

#define BACKEND_CONFIG_CHANGE 2

#define VERSION    1u
#define IS_REPLY   (1u << 2)
#define WANT_REPLY (1u << 3)

#define F_PROTOCOL_FEATURES (1ull << 30)
#define PROTOCOL_FEATURES   /* MQ, REPLY_ACK, BACKEND_REQ, CONFIG */ \
    (1ull << 0 | 1ull << 3 | 1ull << 5 | 1ull << 9)

#define NO_FD    (1u << 8) /* beside the number of a ring */
#define FDS_MOST 8

struct message {
    struct header {
        uint32_t request, flags, size;
    } header;
    union {
        uint64_t u64;
        struct {
            uint32_t index, num;
        } state;
        struct {
            uint32_t index, flags;
            uint64_t desc, used, avail, log;
        } addr;
        struct {
            uint32_t count, padding;
            struct {
                uint64_t guest, size, user, offset;
            } regions[MEMORY_REGIONS];
        } memory;
        struct {
            uint32_t offset, size, flags;
            uint8_t bytes[256];
        } config;
        uint8_t bytes[512];
    };
    int fds[FDS_MOST];
    unsigned nfds;
} __attribute__((packed));

/* ---- Messages ---- */

static int
receive(int socket, struct message *m)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
    } control;
    struct iovec vec = {&m->header, sizeof(m->header)};
    struct msghdr message = {
        .msg_iov = &vec,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    m->nfds = 0;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(m->header) ||
        m->header.size > sizeof(m->bytes))
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS) {
        m->nfds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(m->fds, CMSG_DATA(c), m->nfds * sizeof(int));
    }
    ssize_t size = m->header.size;
    if (size > 0 && recv(socket, m->bytes, size, MSG_WAITALL) != size)
        return -1;
    return 0;
}

static int
reply(int socket, struct message *m, uint32_t size)
{
    m->header.flags = VERSION | IS_REPLY;
    m->header.size = size;
    ssize_t bytes = (ssize_t)sizeof(m->header) + size;
    return send(socket, m, bytes, MSG_NOSIGNAL) == bytes ? 0 : -1;
}

/* A descriptor that came with a message, from now on the caller's. */
static int
take_fd(struct message *m)
{
    return m->nfds > 0 ? m->fds[--m->nfds] : -1;
}

static void
replace_fd(int *to, int fd)
{
    if (*to >= 0)
        close(*to);
    *to = fd;
}

void
vhost_config_changed(struct vhost *v)
{
    struct header h = {BACKEND_CONFIG_CHANGE, VERSION, 0};
    if (v->backend >= 0 && send(v->backend, &h, sizeof(h), MSG_NOSIGNAL) < 0)
        replace_fd(&v->backend, -1);
}

/* ---- What they ask for ---- */

static int
set_memory(struct vhost *v, struct message *m)
{
    unsigned n = m->memory.count;
    memory_clear(&v->memory);
    if (n > MEMORY_REGIONS || n != m->nfds)
        return -1;
    for (unsigned i = 0; i < n; i++)
        if (memory_add(&v->memory, m->memory.regions[i].guest,
                       m->memory.regions[i].user, m->memory.regions[i].size,
                       m->memory.regions[i].offset, m->fds[i]) != 0)
            return -1;
    return 0;
}

static void
stop(struct vhost *v, struct ring *r)
{
    if (r->started)
        v->stopped(v, r);
    r->started = false;
}

static void
start(struct vhost *v, struct ring *r)
{
    bool ready = r->desc != NULL && r->avail != NULL && r->used != NULL;
    r->event_idx = (v->accepted & 1ull << VIRTIO_RING_F_EVENT_IDX) != 0;
    if (ready && !r->started) {
        r->started = true;
        v->started(v, r);
    }
}

static int
set_ring(struct vhost *v, struct ring *r, struct message *m)
{
    switch (m->header.request) {
    case SET_VRING_NUM:
        r->size = m->state.num;
        return 0;
    case SET_VRING_BASE:
        r->taken = r->given = (uint16_t)m->state.num;
        return 0;
    case SET_VRING_ADDR:
        r->memory = &v->memory;
        r->desc = memory_user(&v->memory, m->addr.desc, 16ull * r->size);
        r->avail = memory_user(&v->memory, m->addr.avail, 6 + 2ull * r->size);
        r->used = memory_user(&v->memory, m->addr.used, 6 + 8ull * r->size);
        return r->used != NULL ? 0 : -1;
    case SET_VRING_KICK:
        replace_fd(&r->kick, take_fd(m));
        start(v, r);
        return 0;
    case SET_VRING_CALL:
        replace_fd(&r->call, take_fd(m));
        return 0;
    case SET_VRING_ENABLE:
        r->enabled = m->state.num != 0;
        return 0;
    default: /* GET_VRING_BASE: the device has been reset */
        stop(v, r);
        m->state.num = r->taken;
        return reply(v->socket, m, sizeof(m->state));
    }
}

static int
get_config(struct vhost *v, struct message *m)
{
    uint32_t size = m->header.size;
    memset(m->config.bytes, 0, sizeof(m->config.bytes));
    memcpy(m->config.bytes, &v->config, sizeof(v->config));
    return reply(v->socket, m, size);
}

static int
reply_u64(struct vhost *v, struct message *m, uint64_t value)
{
    m->u64 = value;
    return reply(v->socket, m, sizeof(value));
}

/* Returns 0, 1 if a reply has gone, or -1. */
static int
act(struct vhost *v, struct message *m)
{
    unsigned ring = m->state.index & ~NO_FD;
    switch (m->header.request) {
    case GET_FEATURES:
        return reply_u64(v, m, v->offered | F_PROTOCOL_FEATURES) ?: 1;
    case SET_FEATURES:
        v->accepted = m->u64;
        return 0;
    case GET_PROTOCOL_FEATURES:
        return reply_u64(v, m, PROTOCOL_FEATURES) ?: 1;
    case GET_QUEUE_NUM:
        return reply_u64(v, m, VHOST_QUEUES) ?: 1;
    case SET_BACKEND_REQ_FD:
        replace_fd(&v->backend, take_fd(m));
        return 0;
    case SET_MEM_TABLE:
        return set_memory(v, m);
    case GET_CONFIG:
        return get_config(v, m) ?: 1;
    case SET_VRING_NUM:
    case SET_VRING_ADDR:
    case SET_VRING_BASE:
    case GET_VRING_BASE:
    case SET_VRING_KICK:
    case SET_VRING_CALL:
    case SET_VRING_ENABLE:
        if (ring >= VHOST_QUEUES || set_ring(v, &v->rings[ring], m) != 0)
            return -1;
        return m->header.request == GET_VRING_BASE;
    default: /* SET_OWNER, SET_VRING_ERR and others: nothing to do */
        return 0;
    }
}

int
vhost_serve(struct vhost *v)
{
    struct message m;
    if (receive(v->socket, &m) != 0)
        return -1;
    bool wants = (m.header.flags & WANT_REPLY) != 0;
    int done = act(v, &m);
    while (m.nfds > 0)
        close(take_fd(&m));
    if (done == 0 && wants)
        done = reply_u64(v, &m, 0);
    return done < 0 ? -1 : 0;
}

void
vhost_open(struct vhost *v, int socket)
{
    v->socket = socket;
    v->backend = -1;
    v->memory.count = 0;
    for (unsigned i = 0; i < VHOST_QUEUES; i++)
        v->rings[i] = (struct ring){.kick = -1, .call = -1};
}

void
vhost_close(struct vhost *v)
{
    for (unsigned i = 0; i < VHOST_QUEUES; i++) {
        stop(v, &v->rings[i]);
        replace_fd(&v->rings[i].kick, -1);
        replace_fd(&v->rings[i].call, -1);
    }
    memory_clear(&v->memory);
    replace_fd(&v->backend, -1);
    replace_fd(&v->socket, -1);
}
