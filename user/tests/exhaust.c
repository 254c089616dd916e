/* exhaust: takes all there is of something, as an ordinary user, and keeps it.
 *
 *     exhaust KIND [DIRECTORY]
 *
 * Prints how much it got and the error that ended it, and waits to be ended
 * with all of its group; what it made in DIRECTORY stays there. */
#include "abi/epoll.h"
#include "abi/poll.h"
#include "abi/sched.h"
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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER    1001
#define PAGE    4096l
#define WATCHED 100 /* descriptors on each list */

static char block[16 * PAGE];
static const char *directory = "/tmp";

/* Returns 0, or -1 with errno: there is no more. */
static int
take_descriptor(long n)
{
    (void)n;
    return dup(0) < 0 ? -1 : 0;
}

/* An open file, which only memory bounds. */
static int
open_file(long n)
{
    (void)n;
    return open("/dev/null", O_RDONLY) < 0 ? -1 : 0;
}

static int
watch(long n)
{
    static int list, watched[WATCHED];
    struct epoll_event event = {.events = POLLIN};

    if (n == 0)
        for (int i = 0; i < WATCHED; i++)
            watched[i] = dup(0);
    if (n % WATCHED == 0 && (list = (int)syscall(SYS_epoll_create1, 0)) < 0)
        return -1;
    return (int)syscall(SYS_epoll_ctl, list, EPOLL_CTL_ADD,
                        watched[n % WATCHED], &event);
}

/* A byte that has none locked beside it. */
static int
lock_byte(long n)
{
    static int fd;
    struct flock lock = {.l_type = F_WRLCK, .l_start = 2 * n, .l_len = 1};

    if (n == 0 && (fd = (int)syscall(SYS_memfd_create, "", 0)) < 0)
        return -1;
    return fcntl(fd, F_SETLK, &lock);
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

/* A thread that waits for nothing, and needs no stack for that. */
static int
take_thread(long n)
{
    register long flags __asm__("a0") =
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    register long stack __asm__("a1") = (long)(block + sizeof(block));
    register long call __asm__("a7") = SYS_clone;

    (void)n;
    __asm__ volatile("ecall\n"
                     "bnez a0, 2f\n"
                     "1: li a0, 0\n"
                     "li a1, 0\n"
                     "li a2, 0\n"
                     "li a3, 0\n"
                     "li a7, %[wait]\n"
                     "ecall\n"
                     "j 1b\n"
                     "2:"
                     : "+r"(flags)
                     : "r"(stack), "r"(call), [wait] "i"(SYS_ppoll)
                     : "memory", "a2", "a3");
    if (flags >= 0)
        return 0;
    errno = (int)-flags;
    return -1;
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

static int
take_pair(long n)
{
    int ends[2];

    (void)n;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

/* Returns a socket with a name that no other has, or -1. */
static int
bind_name(long n)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "%ld.%d", n,
             getpid());
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
        return -1;
    return fd;
}

static int
take_name(long n)
{
    return bind_name(n) < 0 ? -1 : 0;
}

/* A connection that nobody accepts, and whose other end has gone. */
static int
connect_in_vain(long n)
{
    static int listener;
    static struct sockaddr_un name;
    static socklen_t len;

    if (n % SOMAXCONN == 0) {
        len = sizeof(name);
        listener = bind_name(n);
        if (listener < 0 || listen(listener, SOMAXCONN) != 0 ||
            getsockname(listener, (struct sockaddr *)&name, &len) != 0)
            return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, len) != 0)
        return -1;
    return close(fd);
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

/* A page whose neighbours have other rights. */
static int
take_area(long n)
{
    static char *first;

    if (n == 0) {
        first =
            mmap(NULL, 1l << 32, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (first == MAP_FAILED)
            return -1;
    }
    return mprotect(first + 2 * n * PAGE, PAGE, PROT_READ);
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

/* Memory that a file has: in /tmp first, then where no name is. */
static int
share_memory(long n)
{
    static bool nameless;

    if (n == 0)
        directory = "/tmp";
    if (write_file(n) == 0)
        return 0;
    if (nameless || errno != ENOSPC)
        return -1;
    nameless = true;
    file = (int)syscall(SYS_memfd_create, "", 0);
    return file < 0 ? -1 : 0;
}

static const struct kind {
    const char *name;
    int (*take)(long n);
    bool by_many; /* processes, until there is no more for any */
} kinds[] = {
    {"descriptors", take_descriptor, false},
    {"opened", open_file, true},
    {"watches", watch, true},
    {"locks", lock_byte, false},
    {"processes", take_process, false},
    {"threads", take_thread, false},
    {"pipes", take_pipe, true},
    {"terminals", take_terminal, false},
    {"pairs", take_pair, true},
    {"names", take_name, true},
    {"connections", connect_in_vain, false},
    {"messages", take_message, true},
    {"passed", pass_descriptor, false},
    {"timers", take_timer, false},
    {"signals", queue_signal, false},
    {"memory", take_memory, true},
    {"areas", take_area, true},
    {"files", make_file, false},
    {"blocks", write_file, false},
    {"shared", share_memory, true},
};

static void
become_user(void)
{
    if (setgid(USER) != 0 || setuid(USER) != 0)
        err(2, "setuid");
}

static long
take_all(const struct kind *kind)
{
    long n = 0;

    while (kind->take(n) == 0)
        n++;
    return n;
}

/* Each descriptor table holds but so many: children go on. All of the user's
 * may be ended for want of memory, but not the parent, which is root's; the end
 * is when that has happened, or there is no more. */
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
            become_user();
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
    if (setpgid(0, 0) != 0)
        err(2, "setpgid");
    if (kind->by_many) {
        take_with_children(kind);
    } else {
        become_user();
        n = take_all(kind);
    }
    printf("%s of %d: %ld, %s\n", kind->name, getpid(), n,
           kind->by_many ? "all" : strerror(errno));
    fflush(stdout);
    for (;;)
        sleep(1000);
}
