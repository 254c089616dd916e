/* hostile: a client of a service's socket that keeps to no rule.
 *
 *     hostile UID SOCKET MODE
 *
 * Does what MODE says as user UID; the exit status is 0 if that cost it the
 * connection, as it must. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ipc.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 5000
#define MANY        40 /* more connections than a server takes */

static const char usage[] =
    "usage: hostile UID SOCKET forged|version|reply|short|long|huge|empty|\n"
    "               files|unread|noise|crowd\n";

static const char *socket_path;

static int
join(void)
{
    int fd = ipc_connect(socket_path, PATIENCE_MS);

    if (fd < 0)
        err(2, "%s", socket_path);
    return fd;
}

/* Whether the other side hangs up; what it says before is not read. */
static bool
is_cut(int fd, int timeout)
{
    struct pollfd one = {.fd = fd};

    return poll(&one, 1, timeout) == 1 && (one.revents & POLLHUP);
}

/* Sends bytes and descriptors at once. */
static ssize_t
send_raw(int fd, const void *bytes, size_t n, size_t files)
{
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = n};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(SCM_MAX_FD * sizeof(int))];
    } control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};

    if (files > 0) { /* each is standard input */
        memset(CMSG_DATA(&control.head), 0, files * sizeof(int));
        control.head.cmsg_len = CMSG_LEN(files * sizeof(int));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(files * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static struct ipc_header
header_of(uint16_t type, uint32_t length)
{
    return (struct ipc_header){.magic = IPC_MAGIC,
                               .version = IPC_VERSION,
                               .type = type,
                               .length = length,
                               .id = 1};
}

/* Sends a packet that is none; true if that ends the connection. */
static bool
send_one(const void *bytes, size_t n, size_t files)
{
    int fd = join();

    if (send_raw(fd, bytes, n, files) < 0)
        err(2, "send");
    return is_cut(fd, PATIENCE_MS);
}

static bool
send_huge(void)
{
    static char bytes[sizeof(struct ipc_header) + IPC_DATA_MAX + 1];
    struct ipc_header h = header_of(1, IPC_DATA_MAX + 1);

    memcpy(bytes, &h, sizeof(h));
    return send_one(bytes, sizeof(bytes), 0);
}

static bool
send_short(void)
{
    struct ipc_header h = header_of(1, 40);

    for (size_t n = 1; n <= sizeof(h); n++)
        if (!send_one(&h, n, 0))
            return false;
    return true;
}

/* Descriptors that nobody wants, by the hundred, again and again. */
static bool
send_files(void)
{
    struct ipc_header h = header_of(1, 0);

    for (int i = 0; i < 20; i++)
        if (!send_one(&h, sizeof(h), i % 2 ? SCM_MAX_FD : 1))
            return false;
    return true;
}

/* Asks for as much as there is and takes nothing. */
static bool
read_nothing(void)
{
    char bytes[sizeof(struct ipc_header) + 40] = "";
    struct ipc_header h = header_of(1, 40);
    int fd = join();

    memcpy(bytes, &h, sizeof(h));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 100000 && !is_cut(fd, 0); i++)
        if (send_raw(fd, bytes, sizeof(bytes), 0) < 0 && errno == EAGAIN)
            is_cut(fd, 10);
    return is_cut(fd, PATIENCE_MS);
}

/* Bytes at random, nearly always of the right length; each connection ends. */
static bool
make_noise(void)
{
    static char bytes[256];

    for (int i = 0; i < 300; i++) {
        struct ipc_header h =
            header_of((uint16_t)(rand() % 20), (uint32_t)(rand() % 64));
        size_t n = sizeof(h) + h.length;
        for (size_t j = 0; j < sizeof(bytes); j++)
            bytes[j] = (char)rand();
        memcpy(bytes, &h, sizeof(h));
        bytes[(size_t)rand() % sizeof(h)] ^= (char)(1 << rand() % 8);
        int fd = join();
        send_raw(fd, bytes, n, 0);
        send_raw(fd, bytes, 3, 0); /* in any case */
        if (!is_cut(fd, PATIENCE_MS))
            return false;
        close(fd);
    }
    return true;
}

/* Comes with many, says nothing, and stays. */
static bool
come_in_crowds(void)
{
    int fds[MANY], cut = 0;

    for (int i = 0; i < MANY; i++)
        fds[i] = join();
    for (int i = 0; i < MANY; i++)
        cut += is_cut(fds[i], 100);
    printf("%d of %d may stay\n", MANY - cut, MANY);
    fflush(stdout);
    if (cut < MANY - (int)IPC_USER_MAX)
        return false;
    for (;;)
        poll(NULL, 0, -1);
}

int
main(int argc, char **argv)
{
    struct ipc_header h = header_of(1, 0);
    const char *mode;
    bool cut;

    if (argc != 4)
        prog_usage(usage);
    socket_path = argv[2];
    mode = argv[3];
    if (setuid((uid_t)prog_number(argv[1], 65534)) != 0)
        err(2, "setuid");
    if (strcmp(mode, "forged") == 0)
        h.magic = 0x12345678;
    else if (strcmp(mode, "version") == 0)
        h.version = 2;
    else if (strcmp(mode, "reply") == 0)
        h.type |= IPC_REPLY;
    else if (strcmp(mode, "long") == 0)
        h.length = UINT32_MAX;
    else if (strcmp(mode, "short") == 0)
        return !send_short();
    else if (strcmp(mode, "huge") == 0)
        return !send_huge();
    else if (strcmp(mode, "files") == 0)
        return !send_files();
    else if (strcmp(mode, "unread") == 0)
        return !read_nothing();
    else if (strcmp(mode, "noise") == 0)
        return !make_noise();
    else if (strcmp(mode, "crowd") == 0)
        return !come_in_crowds();
    else if (strcmp(mode, "empty") != 0)
        prog_usage(usage);
    cut = send_one(&h, strcmp(mode, "empty") == 0 ? 0 : sizeof(h), 0);
    return !cut;
}
