/* The library of requests and replies: what it carries, and that whoever
 * breaks its rules loses the connection and nobody else. */
// SOURCES: user/lib/ipc_packet.c user/lib/ipc_client.c user/lib/ipc_server.c
// SOURCES: tests/host/ipc_rig.c
#include "ipc_rig.h"

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

static void
test_requests(void **state UNUSED)
{
    static char most[IPC_DATA_MAX], room[IPC_DATA_MAX];
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    int fd = rig_join();

    rig_assert_works(fd);
    memset(most, 'x', sizeof(most));
    assert_int_equal(rig_ask(fd, ECHO, most, sizeof(most), &reply), 0);
    assert_memory_equal(room, most, sizeof(most));
    assert_int_equal(rig_ask(fd, ECHO, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.length, 0);
    assert_int_equal(rig_ask(fd, WHO, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.status, -EPERM);
    struct ucred *who = (struct ucred *)room;
    assert_int_equal(who->pid, getpid());
    assert_int_equal(who->uid, getuid());
    assert_int_equal(rig_ask(fd, NOTHING, NULL, 0, &reply), 0);
    assert_int_equal(reply.header.status, -ENOSYS);
    close(fd);
}

static void
test_descriptors(void **state UNUSED)
{
    off_t size = 0;
    struct ipc_packet p = {.header = rig_header_of(SIZE_OF_FILE, 0, 7),
                           .fd_count = 1};
    struct ipc_packet reply = {.data = &size, .room = sizeof(size)};
    int files = rig_count_open_files(), fd = rig_join();

    p.fds[0] = open(rig_path, O_PATH);
    assert_int_equal(ipc_send(fd, &p), 0);
    rig_settle();
    assert_int_equal(ipc_receive(fd, &reply), 1);
    assert_int_equal(reply.header.status, 0);
    close(p.fds[0]);
    close(fd);
    rig_settle();
    assert_int_equal(rig_count_open_files(), files);
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
    int good = rig_join(), bad = rig_join(), files;

    files = rig_count_open_files();
    assert_true(send_raw(bad, bytes, n, fds) >= 0);
    rig_settle();
    assert_true(rig_is_cut(bad));
    rig_assert_works(good);
    assert_int_equal(rig_count_open_files(), files - 1);
    close(bad);
    close(good);
    rig_settle();
}

static void
test_forged(void **state UNUSED)
{
    struct ipc_header h = rig_header_of(ECHO, 0, 1);

    h.magic = 0;
    assert_costs_connection(&h, sizeof(h), 0);
    h = rig_header_of(ECHO | IPC_REPLY, 0, 1);
    assert_costs_connection(&h, sizeof(h), 0);
    h = rig_header_of(ECHO, 0, 1);
    h.version = IPC_VERSION + 1;
    assert_costs_connection(&h, sizeof(h), 0);
    assert_costs_connection("GET / HTTP/1.1\r\n\r\n", 18, 0);
}

static void
test_lengths(void **state UNUSED)
{
    static char large[IPC_DATA_MAX + 1000];
    struct ipc_header h = rig_header_of(ECHO, 1, 1);

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
    struct ipc_header h = rig_header_of(ECHO, 0, 1);

    assert_costs_connection(&h, sizeof(h), 3);  /* one too many */
    assert_costs_connection(&h, sizeof(h), 64); /* more than are received */
    assert_costs_connection(&h, 0, 2);          /* with nothing to say */
    h.magic = 0;
    assert_costs_connection(&h, sizeof(h), 2);
    rig_server.fd_room = 0;
    h.magic = IPC_MAGIC;
    assert_costs_connection(&h, sizeof(h), 1);
}

static void
test_unread_replies(void **state UNUSED)
{
    static char much[8192];
    struct ipc_packet p = {.header = rig_header_of(ECHO, sizeof(much), 1),
                           .data = much};
    int good = rig_join(), bad = rig_join();

    for (int i = 0; i < 1000 && !rig_is_cut(bad); i++) {
        if (ipc_send(bad, &p) != 0)
            assert_true(errno == EAGAIN || errno == EPIPE ||
                        errno == ECONNRESET);
        rig_settle();
    }
    assert_true(rig_is_cut(bad));
    rig_assert_works(good);
    close(bad);
    close(good);
}

static void
test_answer_later(void **state UNUSED)
{
    char room[16];
    struct ipc_packet p = {.header = rig_header_of(LATER, 0, 77)};
    struct ipc_packet reply = {.data = room, .room = sizeof(room)};
    int fd = rig_join(), other = rig_join();

    assert_int_equal(ipc_send(fd, &p), 0);
    rig_settle();
    rig_assert_works(other);
    assert_int_equal(ipc_receive(fd, &reply), -1);
    assert_int_equal(errno, EAGAIN);
    assert_true(ipc_is_waiting(&rig_server, &rig_ticket));
    assert_true(ipc_answer(&rig_server, &rig_ticket, -EBUSY, "done", 4));
    assert_int_equal(ipc_receive(fd, &reply), 1);
    assert_int_equal(reply.header.id, 77);
    assert_int_equal(reply.header.status, -EBUSY);
    assert_memory_equal(room, "done", 4);
    /* Once is enough. */
    assert_false(ipc_answer(&rig_server, &rig_ticket, 0, NULL, 0));
    assert_int_equal(ipc_receive(fd, &reply), -1);
    /* Nobody takes the answer of who was there before. */
    assert_int_equal(ipc_send(fd, &p), 0);
    rig_settle();
    close(fd);
    rig_settle();
    fd = rig_join();
    assert_false(ipc_answer(&rig_server, &rig_ticket, 0, NULL, 0));
    rig_assert_works(fd);
    /* Impatience is against the rules. */
    assert_int_equal(ipc_send(fd, &p), 0);
    assert_int_equal(ipc_send(fd, &p), 0);
    rig_settle();
    assert_true(rig_is_cut(fd));
    rig_assert_works(other);
    close(fd);
    close(other);
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

    rig_server.handle = handle_slowly;
    child = fork();
    if (child == 0)
        for (;;)
            ipc_serve(&rig_server, -1);
    fd = ipc_connect(rig_path, 1000);
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
    ipc_close(&rig_server);
    assert_int_equal(ipc_call(fd, &echo, &reply, 5000), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    assert_int_equal(ipc_connect(rig_path, 50), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(ipc_connect("/nonexistent", 50), -1);
    assert_int_equal(errno, ENOENT);
    ipc_listen(&rig_server, rig_path, 0666);
}

static void
test_connect_timeout(void **state UNUSED)
{
    int fds[100], n = 0;

    while (n < 100 && (fds[n] = ipc_connect(rig_path, 30)) >= 0)
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

    assert_int_equal(stat(rig_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    memset(long_path, 'a', sizeof(long_path));
    long_path[199] = '\0';
    assert_int_equal(ipc_connect(long_path, 0), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    struct ipc_server other = {.handle = rig_server.handle};
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
    struct ipc_header h =
        rig_header_of((uint16_t)below(6), below(64), below(9));
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
    int bad[4] = {-1, -1, -1, -1}, files = rig_count_open_files(), good;

    seed = 20260101;
    good = rig_join();
    for (int i = 0; i < 20000; i++) {
        int *fd = &bad[below(4)];
        if (*fd < 0) {
            *fd = ipc_connect(rig_path, 1000);
            assert_true(*fd >= 0);
        } else if (below(8) == 0) {
            close(*fd);
            *fd = -1;
        } else {
            send_noise(*fd);
        }
        if (below(3) == 0)
            ipc_serve(&rig_server, 0);
        if (below(50) == 0)
            ipc_answer(&rig_server, &rig_ticket, 0, "x", 1);
        if (i % 100 == 0)
            rig_assert_works(good);
    }
    for (int i = 0; i < 4; i++)
        if (bad[i] >= 0)
            close(bad[i]);
    rig_settle();
    rig_assert_works(good);
    close(good);
    rig_settle();
    assert_int_equal(rig_count_open_files(), files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_stop)

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
        TEST(test_calls),
        TEST(test_connect_timeout),
        TEST(test_listen),
        TEST(test_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
