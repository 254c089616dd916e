/* exhaust: takes all there is of something, as an ordinary user, and keeps it.
 *
 *     exhaust KIND [DIRECTORY]
 *
 * Prints how much it got and the error that ended it, and waits to be ended
 * with all of its group; what it made in DIRECTORY stays there. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER 1001
#define PAGE 4096l

static char block[16 * PAGE];
static const char *directory = "/tmp";

/* Returns 0, or -1 with errno: there is no more. */
static int
take_descriptor(long n)
{
    (void)n;
    return dup(0) < 0 ? -1 : 0;
}

static int
take_process(long n)
{
    pid_t pid = fork();

    (void)n;
    if (pid == 0)
        for (;;)
            sleep(1000);
    return pid < 0 ? -1 : 0;
}

/* A pipe that is full. */
static int
take_pipe(long n)
{
    int ends[2];

    (void)n;
    if (pipe2(ends, O_NONBLOCK) != 0)
        return -1;
    return write(ends[1], block, sizeof(block)) < 0 ? -1 : 0;
}

static int
take_terminal(long n)
{
    (void)n;
    return posix_openpt(O_RDWR | O_NOCTTY) < 0 ? -1 : 0;
}

/* A message that nobody takes. */
static int
take_message(long n)
{
    static int ends[2];

    if (n % 4 == 0 &&
        socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    return send(ends[0], block, sizeof(block), 0) < 0 ? -1 : 0;
}

/* A descriptor on its way. */
static int
pass_descriptor(long n)
{
    static int ends[2];
    struct iovec part = {.iov_base = block, .iov_len = 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(SCM_MAX_FD * sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(SCM_MAX_FD * sizeof(int)),
                          .cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_RIGHTS}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

    if (n % 4 == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -1;
    return sendmsg(ends[0], &message, MSG_DONTWAIT) < 0 ? -1 : 0;
}

static int
take_timer(long n)
{
    int timer;

    (void)n;
    return (int)syscall(SYS_timer_create, 1, NULL, &timer);
}

static int
queue_signal(long n)
{
    struct siginfo info = {.signo = SIGUSR1 + 24, .code = -1};
    uint64_t all = UINT64_MAX;

    if (n == 0)
        syscall(SYS_rt_sigprocmask, 0, &all, NULL, sizeof(all));
    return (int)syscall(SYS_rt_sigqueueinfo, getpid(), info.signo, &info);
}

static int
take_memory(long n)
{
    static char *memory;

    if (n == 0)
        memory = mmap(NULL, 1l << 30, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[n * PAGE] = 1;
    return 0;
}

static int file = -1;

static int
make_file(long n)
{
    char name[64];

    snprintf(name, sizeof(name), "%s/exhaust.%ld", directory, n);
    close(file);
    file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    return file < 0 ? -1 : 0;
}

static int
write_file(long n)
{
    if (n == 0 && make_file(n) != 0)
        return -1;
    return write(file, block, sizeof(block)) < 0 ? -1 : 0;
}

static const struct kind {
    const char *name;
    int (*take)(long n);
    bool by_many; /* processes, until there is no more for any */
} kinds[] = {
    {"descriptors", take_descriptor, false},
    {"processes", take_process, false},
    {"pipes", take_pipe, true},
    {"terminals", take_terminal, false},
    {"messages", take_message, true},
    {"passed", pass_descriptor, false},
    {"timers", take_timer, false},
    {"signals", queue_signal, false},
    {"memory", take_memory, true},
    {"files", make_file, false},
    {"blocks", write_file, false},
};

static long
take_all(const struct kind *kind)
{
    long n = 0;

    while (kind->take(n) == 0)
        n++;
    return n;
}

/* Each descriptor table holds but so many: children go on. Each may be ended
 * for want of memory; the end is when that has happened, or there is no more.
 */
static void
take_with_children(const struct kind *kind)
{
    for (int i = 0; i < 64; i++) {
        int ends[2];
        char byte;
        if (pipe(ends) != 0)
            return;
        pid_t pid = fork();
        if (pid < 0)
            return;
        if (pid == 0) {
            close(ends[0]);
            take_all(kind);
            if (errno == EMFILE)
                byte = write(ends[1], "x", 1) == 1;
            close(ends[1]);
            for (;;)
                sleep(1000);
        }
        close(ends[1]);
        bool goes_on = read(ends[0], &byte, 1) == 1;
        close(ends[0]);
        if (!goes_on)
            return;
    }
}

int
main(int argc, char **argv)
{
    const struct kind *kind = NULL;
    long n = 0;

    for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            kind = &kinds[i];
    if (!kind)
        errx(2, "usage: exhaust KIND [DIRECTORY]");
    if (argc > 2)
        directory = argv[2];
    if (setpgid(0, 0) != 0 || setgid(USER) != 0 || setuid(USER) != 0)
        err(2, "setuid");
    if (kind->by_many)
        take_with_children(kind);
    else
        n = take_all(kind);
    printf("%s of %d: %ld, %s\n", kind->name, getpid(), n,
           kind->by_many ? "all" : strerror(errno));
    fflush(stdout);
    for (;;)
        sleep(1000);
}
