/* The library of requests and replies: what it carries, and that whoever
 * breaks its rules loses the connection and nobody else. */
// SOURCES: user/lib/ipc_packet.c user/lib/ipc_client.c user/lib/ipc_server.c
#include "../../user/lib/ipc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

/* What the server of these tests can be asked. */
enum { ECHO = 1, WHO, LATER, SIZE_OF_FILE, NOTHING };

static struct ipc_server server;
static struct ipc_ticket ticket;
static char path[64];

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
        ticket = ipc_put_off(s, r);
        break;
    case SIZE_OF_FILE:
        if (r->packet->fd_count != 1 || fstat(r->packet->fds[0], &st) != 0)
            ipc_reply(s, r, -EINVAL, NULL, 0);
        else
            ipc_reply(s, r, 0, &st.st_size, sizeof(st.st_size));
    }
}

static int
start(void **state UNUSED)
{
    snprintf(path, sizeof(path), "/tmp/umbra-ipc-%d", (int)getpid());
    memset(&server, 0, sizeof(server));
    server.handle = handle;
    server.idle_ms = 60000;
    server.fd_room = 2;
    return ipc_listen(&server, path, 0666);
}

static int
stop(void **state UNUSED)
{
    ipc_close(&server);
    return unlink(path);
}

static int
count_open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Lets the server do all that is to be done. */
static void
settle(void)
{
    for (int i = 0; i < 100 && ipc_serve(&server, 0) > 0; i++)
        ;
}

static int
join(void)
{
    int fd = ipc_connect(path, 1000);

    assert_true(fd >= 0);
    settle();
    return fd;
}

/* Whether the server has ended the connection. */
static bool
is_cut(int fd)
{
    struct pollfd one = {.fd = fd};

    return poll(&one, 1, 0) == 1 && (one.revents & POLLHUP);
}

static struct ipc_header
header_of(uint16_t type, uint32_t length, uint32_t id)
{
    return (struct ipc_header){IPC_MAGIC, IPC_VERSION, type, length, id, 0};
}

/* Asks by hand, in one process: sends, lets the server work, receives. */
static int
ask(int fd, uint16_t type, const void *data, uint32_t length,
    struct ipc_packet *reply)
{
    static uint32_t id;
    struct ipc_packet p = {.header = header_of(type, length, ++id),
                           .data = (void *)data};

    if (ipc_send(fd, &p) != 0)
        return -1;
    settle();
    if (ipc_receive(fd, reply) != 1)
        return -1;
    assert_int_equal(reply->header.id, id);
    assert_int_equal(reply->header.type, type | IPC_REPLY);
    return 0;
}

static void
assert_works(int fd)
{
    char room[16];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};

    assert_int_equal(ask(fd, ECHO, "hello", 5, &reply), 0);
    assert_int_equal(reply.header.status, 0);
    assert_int_equal(reply.header.length, 5);
    assert_memory_equal(room, "hello", 5);
}

static void
test_requests(void **state UNUSED)
{
    static char most[IPC_DATA_MAX], room[IPC_DATA_MAX];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    int fd = join();

    assert_works(fd);
    memset(most, 'x', sizeof(most));
    assert_int_equal(ask(fd, ECHO, most, sizeof(most), &reply), 0);
    assert_memory_equal(room, most, sizeof(most));
    assert_int_equal(ask(fd, ECHO, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.length, 0);
    assert_int_equal(ask(fd, WHO, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.status, -EPERM);
    struct ucred *who = (struct ucred *)room;
    assert_int_equal(who->pid, getpid());
    assert_int_equal(who->uid, getuid());
    assert_int_equal(ask(fd, NOTHING, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.status, -ENOSYS);
    close(fd);
}

static void
test_descriptors(void **state UNUSED)
{
    off_t size = 0;
    struct ipc_packet p = {.header = header_of(SIZE_OF_FILE, 0, 7),
                           .fd_count = 1};
    struct ipc_packet reply = {.data = &size, .room = sizeof(size)};
    int files = count_open_files(), fd = join();

    p.fds[0] = open(path, O_PATH);
    assert_int_equal(ipc_send(fd, &p), 0);
    settle();
    assert_int_equal(ipc_receive(fd, &reply), 1);
    assert_int_equal(reply.header.status, 0);
    close(p.fds[0]);
    close(fd);
    settle();
    assert_int_equal(count_open_files(), files);
}

/* ---- Whoever does not keep to the rules ---- */

/* Sends bytes that need not be a packet, with descriptors. */
static ssize_t
send_raw(int fd, const void *bytes, size_t n, int fds)
{
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = n};
    char control[CMSG_SPACE(64 * sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *c = (struct cmsghdr *)control;

    if (fds > 0) {
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
        for (int i = 0; i < fds; i++)
            memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &(int){0},
                   sizeof(int));
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Somebody new sends this, and somebody else goes on. */
static void
assert_costs_connection(const void *bytes, size_t n, int fds)
{
    int good = join(), bad = join(), files;

    files = count_open_files();
    assert_true(send_raw(bad, bytes, n, fds) >= 0);
    settle();
    assert_true(is_cut(bad));
    assert_works(good);
    assert_int_equal(count_open_files(), files - 1);
    close(bad);
    close(good);
    settle();
}

static void
test_forged(void **state UNUSED)
{
    struct ipc_header h = header_of(ECHO, 0, 1);

    h.magic = 0;
    assert_costs_connection(&h, sizeof(h), 0);
    h = header_of(ECHO | IPC_REPLY, 0, 1);
    assert_costs_connection(&h, sizeof(h), 0);
    h = header_of(ECHO, 0, 1);
    h.version = IPC_VERSION + 1;
    assert_costs_connection(&h, sizeof(h), 0);
    assert_costs_connection("GET / HTTP/1.1\r\n\r\n", 18, 0);
}

static void
test_lengths(void **state UNUSED)
{
    static char large[IPC_DATA_MAX + 1000];
    struct ipc_header h = header_of(ECHO, 1, 1);

    assert_costs_connection(&h, sizeof(h), 0); /* too short for its count */
    h.length = UINT32_MAX;
    assert_costs_connection(&h, sizeof(h), 0);
    assert_costs_connection(&h, 0, 0);
    for (size_t n = 1; n < sizeof(h); n++)
        assert_costs_connection(&h, n, 0);
    h.length = 0;
    memcpy(large, &h, sizeof(h));
    assert_costs_connection(large, sizeof(h) + 1, 0);
    h.length = sizeof(large) - sizeof(h);
    memcpy(large, &h, sizeof(h));
    assert_costs_connection(large, sizeof(large), 0);
}

static void
test_descriptor_flood(void **state UNUSED)
{
    struct ipc_header h = header_of(ECHO, 0, 1);

    assert_costs_connection(&h, sizeof(h), 3);  /* one too many */
    assert_costs_connection(&h, sizeof(h), 64); /* more than are received */
    assert_costs_connection(&h, 0, 2);          /* with nothing to say */
    h.magic = 0;
    assert_costs_connection(&h, sizeof(h), 2);
    server.fd_room = 0;
    h.magic = IPC_MAGIC;
    assert_costs_connection(&h, sizeof(h), 1);
}

static void
test_unread_replies(void **state UNUSED)
{
    static char much[8192];
    struct ipc_packet p = {.header = header_of(ECHO, sizeof(much), 1),
                           .data = much};
    int good = join(), bad = join();

    for (int i = 0; i < 1000 && !is_cut(bad); i++) {
        if (ipc_send(bad, &p) != 0)
            assert_true(errno == EAGAIN || errno == EPIPE ||
                        errno == ECONNRESET);
        settle();
    }
    assert_true(is_cut(bad));
    assert_works(good);
    close(bad);
    close(good);
}

static void
test_answer_later(void **state UNUSED)
{
    char room[16];
    struct ipc_packet p = {.header = header_of(LATER, 0, 77)};
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    int fd = join(), other = join();

    assert_int_equal(ipc_send(fd, &p), 0);
    settle();
    assert_works(other);
    assert_int_equal(ipc_receive(fd, &reply), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(ipc_is_waiting(&server, &ticket));
    assert_true(ipc_answer(&server, &ticket, -EBUSY, "done", 4));
    assert_int_equal(ipc_receive(fd, &reply), 1);
    assert_int_equal(reply.header.id, 77);
    assert_int_equal(reply.header.status, -EBUSY);
    assert_memory_equal(room, "done", 4);
    /* Once is enough. */
    assert_false(ipc_answer(&server, &ticket, 0, NULL, 0));
    assert_int_equal(ipc_receive(fd, &reply), -1);
    /* Nobody takes the answer of who was there before. */
    assert_int_equal(ipc_send(fd, &p), 0);
    settle();
    close(fd);
    settle();
    fd = join();
    assert_false(ipc_answer(&server, &ticket, 0, NULL, 0));
    assert_works(fd);
    /* Impatience is against the rules. */
    assert_int_equal(ipc_send(fd, &p), 0);
    assert_int_equal(ipc_send(fd, &p), 0);
    settle();
    assert_true(is_cut(fd));
    assert_works(other);
    close(fd);
    close(other);
}

/* ---- How many may come ---- */

static void
test_many(void **state UNUSED)
{
    uint32_t most = getuid() == 0 ? IPC_CLIENTS_MAX : IPC_USER_MAX;
    int fds[IPC_CLIENTS_MAX], extra;

    for (uint32_t i = 0; i < most; i++)
        fds[i] = join();
    extra = join();
    assert_true(is_cut(extra));
    close(extra);
    for (uint32_t i = 0; i < most; i++)
        assert_works(fds[i]);
    close(fds[0]);
    settle();
    fds[0] = join();
    assert_works(fds[0]);
    /* The silent give way. */
    server.idle_ms = 0;
    extra = join();
    assert_works(extra);
    assert_true(is_cut(fds[1]));
    close(extra);
    for (uint32_t i = 0; i < most; i++)
        close(fds[i]);
}

/* Connections of another user, which stay open until the pipe is closed. */
static void
crowd(uid_t uid, int ready, int wait)
{
    char c = 0;

    if (setuid(uid) != 0)
        _exit(1);
    for (uint32_t i = 0; i < IPC_USER_MAX + 2; i++)
        if (ipc_connect(path, 1000) < 0)
            _exit(2);
    write(ready, &c, 1);
    read(wait, &c, 1);
    _exit(0);
}

static void
test_users(void **state UNUSED)
{
    int ready[2], wait_[2], status, taken = 0;
    pid_t children[4];
    char c;

    if (getuid() != 0)
        skip();
    assert_int_equal(pipe(ready) | pipe(wait_), 0);
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(wait_[1]);
            crowd(1000 + (uid_t)i, ready[1], wait_[0]);
        }
        assert_int_equal(read(ready[0], &c, 1), 1);
        settle();
        taken = 0;
        for (uint32_t j = 0; j < IPC_CLIENTS_MAX; j++)
            taken += server.clients[j].fd >= 0;
        assert_int_equal(taken, i < 3 ? 8 * (i + 1) : 24);
    }
    /* root finds room all the same. */
    int fd = join();
    assert_works(fd);
    close(fd);
    close(wait_[1]);
    for (int i = 0; i < 4; i++) {
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    close(wait_[0]);
    close(ready[0]);
    close(ready[1]);
}

/* A user asks once more than may wait: one of them is told so. */
static void
wait_often(uid_t uid)
{
    struct pollfd fds[IPC_USER_WAITS + 1];
    struct ipc_packet p = {.header = header_of(LATER, 0, 1)}, reply = {0};
    int refused = 0;

    if (setuid(uid) != 0)
        _exit(1);
    for (uint32_t i = 0; i <= IPC_USER_WAITS; i++) {
        fds[i] =
            (struct pollfd){.fd = ipc_connect(path, 1000), .events = POLLIN};
        if (fds[i].fd < 0 || ipc_send(fds[i].fd, &p) != 0)
            _exit(2);
    }
    poll(fds, IPC_USER_WAITS + 1, 5000);
    for (uint32_t i = 0; i <= IPC_USER_WAITS; i++)
        refused += ipc_receive(fds[i].fd, &reply) == 1 &&
                   reply.header.status == -EBUSY;
    _exit(refused == 1 ? 0 : 3);
}

static void
test_waiting_users(void **state UNUSED)
{
    int status = -1, fd;
    pid_t child;

    if (getuid() != 0)
        skip();
    child = fork();
    if (child == 0)
        wait_often(1000);
    while (waitpid(child, &status, WNOHANG) == 0)
        ipc_serve(&server, 10);
    assert_int_equal(status, 0);
    fd = join();
    assert_works(fd);
    close(fd);
}

/* ---- Clients ---- */

static void
handle_slowly(struct ipc_server *s, struct ipc_request *r)
{
    if (r->type == LATER)
        poll(NULL, 0, 150);
    ipc_reply(s, r, 0, r->data, r->length);
}

static void
test_calls(void **state UNUSED)
{
    char room[16];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    struct ipc_packet late = {.header = {.type = LATER, .length = 4},
                              .data = (void *)"late"};
    struct ipc_packet echo = {.header = {.type = ECHO, .length = 3},
                              .data = (void *)"now"};
    pid_t child;
    int fd;

    server.handle = handle_slowly;
    child = fork();
    if (child == 0)
        for (;;)
            ipc_serve(&server, -1);
    fd = ipc_connect(path, 1000);
    assert_true(fd >= 0);
    assert_int_equal(ipc_call(fd, &echo, &reply, 5000), 0);
    assert_memory_equal(room, "now", 3);
    assert_int_equal(ipc_call(fd, &late, &reply, 20), -1);
    assert_int_equal(errno, ETIMEDOUT);
    /* The late reply is not taken for this one's. */
    assert_int_equal(ipc_call(fd, &echo, &reply, 5000), 0);
    assert_memory_equal(room, "now", 3);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ipc_close(&server);
    assert_int_equal(ipc_call(fd, &echo, &reply, 5000), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    assert_int_equal(ipc_connect(path, 50), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(ipc_connect("/nonexistent", 50), -1);
    assert_int_equal(errno, ENOENT);
    ipc_listen(&server, path, 0666);
}

static void
test_connect_timeout(void **state UNUSED)
{
    int fds[100], n = 0;

    while (n < 100 && (fds[n] = ipc_connect(path, 30)) >= 0)
        n++;
    assert_in_range(n, 1, 99);
    assert_int_equal(errno, ETIMEDOUT);
    while (n > 0)
        close(fds[--n]);
}

static void
test_listen(void **state UNUSED)
{
    struct stat st;
    char long_path[200];

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    memset(long_path, 'a', sizeof(long_path));
    long_path[199] = '\0';
    assert_int_equal(ipc_connect(long_path, 0), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    struct ipc_server other = {.handle = handle};
    assert_int_equal(ipc_listen(&other, long_path, 0600), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(ipc_listen(&other, "/nonexistent/x", 0600), -1);
    assert_int_equal(errno, ENOENT);
}

/* ---- Whatever may come ---- */

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* A packet that is often nearly right. */
static void
send_noise(int fd)
{
    char bytes[2048];
    struct ipc_header h = header_of((uint16_t)below(6), below(64), below(9));
    size_t n = sizeof(h) + h.length;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)below(256);
    memcpy(bytes, &h, sizeof(h));
    if (below(3) == 0)
        bytes[below(sizeof(h))] ^= (char)(1u << below(8));
    if (below(4) == 0)
        n = below(sizeof(bytes));
    send_raw(fd, bytes, n, below(4) ? 0 : 1 + (int)below(8));
}

static void
test_noise(void **state UNUSED)
{
    int bad[4] = {-1, -1, -1, -1}, files = count_open_files(), good;

    seed = 20260101;
    good = join();
    for (int i = 0; i < 20000; i++) {
        int *fd = &bad[below(4)];
        if (*fd < 0) {
            *fd = ipc_connect(path, 1000);
            assert_true(*fd >= 0);
        } else if (below(8) == 0) {
            close(*fd);
            *fd = -1;
        } else {
            send_noise(*fd);
        }
        if (below(3) == 0)
            ipc_serve(&server, 0);
        if (below(50) == 0)
            ipc_answer(&server, &ticket, 0, "x", 1);
        if (i % 100 == 0)
            assert_works(good);
    }
    for (int i = 0; i < 4; i++)
        if (bad[i] >= 0)
            close(bad[i]);
    settle();
    assert_works(good);
    close(good);
    settle();
    assert_int_equal(count_open_files(), files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_requests),
        TEST(test_descriptors),
        TEST(test_forged),
        TEST(test_lengths),
        TEST(test_descriptor_flood),
        TEST(test_unread_replies),
        TEST(test_answer_later),
        TEST(test_many),
        TEST(test_users),
        TEST(test_waiting_users),
        TEST(test_calls),
        TEST(test_connect_timeout),
        TEST(test_listen),
        TEST(test_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
