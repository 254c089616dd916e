/* Unix-domain sockets under threads that do to them whatever comes to mind, all
 * at once; afterwards nothing is left of what was on its way. */
#include "sockets.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 6
#define SLOTS   24
#define ROUNDS  4000

static atomic_int slots[SLOTS]; /* descriptors, or -1 */
static int pipe_in;             /* passed around with everything else */

static unsigned
roll(unsigned *state, unsigned n)
{
    *state = *state * 1103515245 + 12345;
    return (*state >> 16) % n;
}

/* Puts fd somewhere; closes what was there. */
static void
put(unsigned *state, int fd)
{
    int old = atomic_exchange(&slots[roll(state, SLOTS)], fd);
    if (old >= 0)
        close(old);
}

static int
any(unsigned *state)
{
    return atomic_load(&slots[roll(state, SLOTS)]);
}

static void
make(unsigned *state)
{
    int fds[2], type = types[roll(state, 3)] | SOCK_NONBLOCK;
    if (roll(state, 2) && socketpair(AF_UNIX, type, 0, fds) == 0) {
        put(state, fds[0]);
        put(state, fds[1]);
    } else {
        put(state, socket(AF_UNIX, type, 0));
    }
}

static void
call_name(unsigned *state)
{
    char name[] = "@storm0";
    name[6] = (char)('0' + roll(state, 4));
    int fd = any(state);
    switch (roll(state, 4)) {
    case 0:
        bind_to(fd, name);
        listen(fd, (int)roll(state, 4));
        break;
    case 1:
        connect_to(fd, name);
        break;
    case 2:
        send_to(fd, name, "to whom it may concern");
        break;
    default:
        fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0)
            put(state, fd);
    }
}

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(8 * sizeof(int))];
};

static void
send_any(unsigned *state)
{
    static char bytes[40000];
    unsigned n = roll(state, 5);
    union control control = {.header = {0}};
    struct iovec v = {bytes, roll(state, 4) ? roll(state, 200)
                                            : roll(state, sizeof bytes)};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    int fds[8];
    for (unsigned i = 0; i < n; i++)
        fds[i] = roll(state, 3) ? any(state) : pipe_in;
    if (n > 0) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    }
    sendmsg(any(state), &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
receive_any(unsigned *state)
{
    char bytes[3000];
    union control control;
    struct iovec v = {bytes, roll(state, sizeof bytes)};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = roll(state, sizeof control + 1)};
    if (recvmsg(any(state), &m,
                MSG_DONTWAIT | (roll(state, 4) ? 0 : MSG_PEEK)) < 0)
        return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        int fds[8];
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
        for (size_t i = 0; i < n; i++)
            put(state, fds[i]);
    }
}

static void
look_at_any(unsigned *state)
{
    struct pollfd p[3];
    struct sockaddr_un un;
    socklen_t len = sizeof un;
    for (int i = 0; i < 3; i++)
        p[i] = (struct pollfd){.fd = any(state), .events = POLLIN | POLLOUT};
    poll(p, 3, (int)roll(state, 2));
    getsockname(p[0].fd, (struct sockaddr *)&un, &len);
    len = sizeof un;
    getpeername(p[1].fd, (struct sockaddr *)&un, &len);
    if (roll(state, 8) == 0)
        shutdown(p[2].fd, (int)roll(state, 3));
}

static void *
storm(void *arg)
{
    unsigned state = (unsigned)(uintptr_t)arg;
    int rounds = tap_part(ROUNDS);
    for (int i = 0; i < rounds; i++) {
        static void (*const acts[])(unsigned *) = {
            make,     call_name,   call_name,   send_any,
            send_any, receive_any, receive_any, look_at_any,
        };
        acts[roll(&state, 8)](&state);
    }
    return NULL;
}

static void
anything(void)
{
    pthread_t threads[THREADS];
    int ends[2];
    char c;
    for (int i = 0; i < SLOTS; i++)
        slots[i] = -1;
    tap_ok(pipe(ends) == 0, "pipe");
    pipe_in = ends[1];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, storm, (void *)(i * 77 + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int fd = 3; fd < 1024; fd++)
        if (fd != ends[0])
            close(fd);
    /* Linux looks for what is left only when a socket goes. */
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    tap_ok(read(ends[0], &c, 1) == 0, "nobody has the pipe's other end");
    close(ends[0]);
}

/* ---- What is sent arrives, in order ---- */

#define TOTAL (1 << 20)

static unsigned char
byte_at(size_t at)
{
    return (unsigned char)(at * 31 + at / 997);
}

static void *
write_stream(void *arg)
{
    int fd = *(int *)arg;
    unsigned state = (unsigned)fd;
    static _Thread_local unsigned char bytes[50000];
    for (size_t at = 0; at < TOTAL;) {
        size_t n = 1 + roll(&state, sizeof bytes), i;
        n = n < TOTAL - at ? n : TOTAL - at;
        for (i = 0; i < n; i++)
            bytes[i] = byte_at(at + i);
        ssize_t done = write(fd, bytes, n);
        if (done <= 0)
            return NULL;
        at += (size_t)done;
    }
    shutdown(fd, SHUT_WR);
    return arg;
}

static void *
read_stream(void *arg)
{
    int fd = *(int *)arg;
    unsigned state = (unsigned)fd;
    static _Thread_local unsigned char bytes[50000];
    size_t at = 0;
    for (;;) {
        ssize_t n = recv(fd, bytes, 1 + roll(&state, sizeof bytes),
                         roll(&state, 2) ? MSG_WAITALL : 0);
        if (n <= 0)
            return n == 0 && at == TOTAL ? arg : NULL;
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] != byte_at(at++))
                return NULL;
    }
}

static void
streams_arrive(void)
{
    pthread_t threads[8];
    int fds[8];
    void *fine;
    bool all = true;
    for (int i = 0; i < 8; i += 2)
        socketpair(AF_UNIX, SOCK_STREAM, 0, &fds[i]);
    /* Both ways at once. */
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[2 * i], NULL, write_stream, &fds[i]);
        pthread_create(&threads[2 * i + 1], NULL, read_stream, &fds[i ^ 1]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], &fine);
        all &= fine != NULL;
    }
    tap_ok(all, "each byte in its place");
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

static atomic_uint sum;

static void *
read_packets(void *arg)
{
    unsigned number;
    while (recv(*(int *)arg, &number, sizeof number, 0) == sizeof number)
        atomic_fetch_add(&sum, number);
    return NULL;
}

static void *
write_packets(void *arg)
{
    for (unsigned i = 1; i <= 2000; i++)
        if (write(*(int *)arg, &i, sizeof i) != sizeof i)
            return NULL;
    return arg;
}

static void
packets_arrive(void)
{
    pthread_t readers[3], writers[3];
    int fds[2];
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
    for (int i = 0; i < 3; i++) {
        pthread_create(&readers[i], NULL, read_packets, &fds[1]);
        pthread_create(&writers[i], NULL, write_packets, &fds[0]);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(writers[i], NULL);
    shutdown(fds[0], SHUT_WR);
    for (int i = 0; i < 3; i++)
        pthread_join(readers[i], NULL);
    tap_ok(sum == 3 * 2000 * 2001 / 2, "each packet once");
    close(fds[0]), close(fds[1]);
}

static const struct tap_case cases[] = {
    TAP_CASE(anything),
    TAP_CASE(streams_arrive),
    TAP_CASE(packets_arrive),
};

int
main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
