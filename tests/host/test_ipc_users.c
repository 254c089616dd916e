/* The library of requests and replies: how many may come, and wait. */
// SOURCES: user/lib/ipc_packet.c user/lib/ipc_client.c user/lib/ipc_server.c
// SOURCES: tests/host/ipc_rig.c
#include "ipc_rig.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

static void
test_many(void **state UNUSED)
{
    uint32_t most = getuid() == 0 ? IPC_CLIENTS_MAX : IPC_USER_MAX;
    int fds[IPC_CLIENTS_MAX], extra;

    for (uint32_t i = 0; i < most; i++)
        fds[i] = rig_join();
    extra = rig_join();
    assert_true(rig_is_cut(extra));
    close(extra);
    for (uint32_t i = 0; i < most; i++)
        rig_assert_works(fds[i]);
    close(fds[0]);
    rig_settle();
    fds[0] = rig_join();
    rig_assert_works(fds[0]);
    /* The silent give way. */
    rig_server.idle_ms = 0;
    extra = rig_join();
    rig_assert_works(extra);
    assert_true(rig_is_cut(fds[1]));
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
        if (ipc_connect(rig_path, 1000) < 0)
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
        rig_settle();
        taken = 0;
        for (uint32_t j = 0; j < IPC_CLIENTS_MAX; j++)
            taken += rig_server.clients[j].fd >= 0;
        assert_int_equal(taken, i < 3 ? 8 * (i + 1) : 24);
    }
    /* root finds room all the same. */
    int fd = rig_join();
    rig_assert_works(fd);
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
    struct ipc_packet p = {.header = rig_header_of(LATER, 0, 1)}, reply = {0};
    int refused = 0;

    if (setuid(uid) != 0)
        _exit(1);
    for (uint32_t i = 0; i <= IPC_USER_WAITS; i++) {
        fds[i] = (struct pollfd){.fd = ipc_connect(rig_path, 1000),
                                 .events = POLLIN};
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
        ipc_serve(&rig_server, 10);
    assert_int_equal(status, 0);
    fd = rig_join();
    rig_assert_works(fd);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_many),
        TEST(test_users),
        TEST(test_waiting_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
