/* A little of everything, with sleeps between, for as long as one likes; what
 * the kernel holds is counted before and after.
 *
 *     load SECONDS [ROUNDS]
 *
 * Rounds go on until so many seconds have passed by the machine's clock, or so
 * many rounds, if they are given, have been. One of them is two minutes long
 * where a clock can leap over the sleeps. The first are no part of it: they
 * fill caches. The exit status is 0 if afterwards all is as it was. */
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define PAGE         4096
#define MINUTE       60
#define PERIOD       (2 * MINUTE) /* of rounds */
#define WARM         2            /* rounds */
#define PATIENCE     300          /* looks whether all has ended */
#define WORKERS      ARRAY_LEN(workers)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

extern char **environ;

static bool can_leap; /* the clock, over sleeps */
static unsigned seed;
static uint64_t operations;

static unsigned
roll(unsigned n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % n;
}

/* Until what is still to end may have done so. */
static void
wait_a_little(void)
{
    usleep(can_leap ? 1000000 : 10000);
}

/* Up to a second where that costs nothing, else a millisecond. */
static void
doze(void)
{
    usleep(1 + roll(can_leap ? 1000000 : 1000));
}

static void
must(bool holds, const char *what)
{
    if (!holds) {
        printf("# load: %s: %s\n", what, errno ? strerror(errno) : "no");
        fflush(stdout);
        _exit(1);
    }
}

/* ---- What there is to do; each in a process of its own ---- */

/* A tree on the disk, with all kinds of names, of which nothing stays. */
static void
change_files(void)
{
    char dir[64], text[3 * PAGE], back[sizeof(text)];

    snprintf(dir, sizeof(dir), "/root/load.%d", getpid());
    memset(text, 'a' + (int)roll(26), sizeof(text));
    must(mkdir(dir, 0700) == 0 && chdir(dir) == 0, "mkdir");
    for (int i = 0; i < 4; i++) {
        int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);
        must(fd >= 0, "open");
        must(write(fd, text, sizeof(text)) == sizeof(text), "write");
        must(ftruncate(fd, 1 + roll(sizeof(text))) == 0, "ftruncate");
        must(i % 2 || fsync(fd) == 0, "fsync");
        must(pread(fd, back, 1, 0) == 1 && back[0] == text[0], "pread");
        must(link("file", "other") == 0 && symlink("file", "way") == 0, "link");
        must(rename("other", "third") == 0, "rename");
        must(unlink("file") == 0 && unlink("way") == 0, "unlink");
        doze();
        must(unlink("third") == 0 && close(fd) == 0, "unlink again");
    }
    must(chdir("/") == 0 && rmdir(dir) == 0, "rmdir");
}

/* A file system in memory, with a file that is still open as it goes. */
static void
mount_memory(void)
{
    char dir[64], text[PAGE] = "";

    snprintf(dir, sizeof(dir), "/tmp/load.%d", getpid());
    must(mkdir(dir, 0700) == 0, "mkdir");
    must(mount("none", dir, "tmpfs", 0, "size=1m") == 0, "mount");
    must(chdir(dir) == 0, "chdir");
    must(mknod("pipe", S_IFIFO | 0600, 0) == 0, "mknod");
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    while (write(fd, text, sizeof(text)) == sizeof(text))
        ;
    must(errno == ENOSPC, "tmpfs has an end");
    doze();
    close(fd);
    must(chdir("/") == 0 && umount2(dir, 0) == 0, "umount");
    must(rmdir(dir) == 0, "rmdir");
}

static void
use_pipes(void)
{
    char text[PAGE] = "";
    int to[2], from[2], status;

    must(pipe(to) == 0 && pipe2(from, O_NONBLOCK) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]);
        while (read(to[0], text, sizeof(text)) > 0)
            ;
        while (write(from[1], text, sizeof(text)) > 0)
            ;
        _exit(0);
    }
    for (int i = 0; i < 32; i++)
        must(write(to[1], text, 1 + roll(PAGE)) > 0, "write");
    doze();
    close(to[1]);
    must(waitpid(pid, &status, 0) == pid && status == 0, "pipe's child");
    /* What is in the pipe stays there. */
}

static void
send_file(int over, int fd)
{
    struct iovec part = {.iov_base = "x", .iov_len = 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
                          .cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_RIGHTS}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    must(sendmsg(over, &message, 0) == 1, "sendmsg");
}

/* Sockets of which one holds the other, and messages that nobody takes. */
static void
use_sockets(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int a[2], b[2];

    for (int i = 0; i < 6; i++) {
        must(socketpair(AF_UNIX, types[i % 3], 0, a) == 0, "socketpair");
        must(socketpair(AF_UNIX, types[roll(3)], 0, b) == 0, "socketpair");
        send_file(a[0], b[0]);
        send_file(a[0], 0);
        must(write(a[1], "x", 1) == 1, "write");
        close(a[0]);
        close(a[1]);
        close(b[0]);
        close(b[1]);
        doze();
    }
}

static void
use_memory(void)
{
    size_t size = (64 + roll(64)) * PAGE;
    int fd = memfd_create("load", 0), status;
    char *own = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(own != MAP_FAILED, "mmap");
    must(fd >= 0 && ftruncate(fd, (off_t)size) == 0, "memfd");
    char *both = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(both != MAP_FAILED, "mmap a file");
    memset(own, 1, size);
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < size; i += 2 * PAGE)
            own[i]++, both[i] = own[i];
        _exit(0);
    }
    for (size_t i = 0; i < size / 2; i += 3 * PAGE)
        must(mprotect(own + i, PAGE, PROT_READ) == 0, "mprotect");
    must(madvise(own + 32 * PAGE, 16 * PAGE, MADV_DONTNEED) == 0, "madvise");
    must(waitpid(pid, &status, 0) == pid && status == 0, "memory's child");
    must(both[0] == 2 && munmap(both, size) == 0, "what the child wrote");
}

static void
run_programs(void)
{
    char *words[] = {"/bin/true", NULL}, *none[] = {"/nothing", NULL};
    pid_t pid;
    int status;

    for (int i = 0; i < 3; i++) {
        must(posix_spawn(&pid, words[0], NULL, NULL, words, environ) == 0,
             "posix_spawn");
        must(waitpid(pid, &status, 0) == pid && status == 0, words[0]);
        must(posix_spawn(&pid, none[0], NULL, NULL, none, environ) == ENOENT,
             "a program that is not there");
        doze();
    }
}

static void *
add_under_lock(void *lock)
{
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(lock);
        sched_yield();
        pthread_mutex_unlock(lock);
    }
    return NULL;
}

static void
run_threads(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[6];

    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        must(pthread_create(&threads[i], NULL, add_under_lock, &lock) == 0,
             "pthread_create");
    doze();
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        must(pthread_join(threads[i], NULL) == 0, "pthread_join");
}

/* Timers and signals, some of which are still to come at the end. */
static void
use_timers(void)
{
    struct itimerspec soon = {.it_value.tv_nsec = 1000000};
    struct sigevent how = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGRTMIN};
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t blocked;
    uint64_t count;
    timer_t timer;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    int epoll = epoll_create1(0), fd = timerfd_create(CLOCK_MONOTONIC, 0);
    int counter = eventfd(0, EFD_NONBLOCK);
    must(epoll >= 0 && fd >= 0 && counter >= 0, "epoll_create1");
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event) == 0, "epoll_ctl");
    for (int i = 0; i < 8; i++) {
        must(timer_create(CLOCK_MONOTONIC, &how, &timer) == 0, "timer_create");
        must(timer_settime(timer, 0, &soon, NULL) == 0, "timer_settime");
        must(sigqueue(getpid(), SIGRTMIN, (union sigval){i}) == 0, "sigqueue");
    }
    must(timerfd_settime(fd, 0, &soon, NULL) == 0, "timerfd_settime");
    must(epoll_wait(epoll, &event, 1, -1) == 1, "epoll_wait");
    must(read(fd, &count, sizeof(count)) == sizeof(count), "read");
    must(sigwaitinfo(&blocked, NULL) == SIGRTMIN, "sigwaitinfo");
}

static void
use_terminal(void)
{
    char text[64];
    int master, slave, status;

    must(openpty(&master, &slave, NULL, NULL, NULL) == 0, "openpty");
    pid_t pid = fork();
    if (pid == 0) {
        close(master);
        must(login_tty(slave) == 0, "login_tty");
        must(write(1, "ready\n", 6) == 6, "write");
        for (;;)
            if (read(0, text, sizeof(text)) <= 0)
                _exit(1);
    }
    must(read(master, text, sizeof(text)) > 0, "read"); /* it leads now */
    must(write(master, "word\n", 5) == 5, "write");
    must(read(master, text, sizeof(text)) > 0, "echo");
    doze();
    close(slave);
    close(master); /* hangs up on who leads the session */
    must(waitpid(pid, &status, 0) == pid && status == SIGHUP, "hang-up");
}

static void
take_locks(void)
{
    FILE *file = tmpfile();
    int fd = file ? fileno(file) : -1;

    must(fd >= 0, "tmpfile");
    for (int i = 0; i < 40; i++) {
        struct flock lock = {.l_type = (short)(i % 3 ? F_WRLCK : F_RDLCK),
                             .l_whence = SEEK_SET,
                             .l_start = 2 * (int)roll(100),
                             .l_len = 1 + (int)roll(9)};
        must(fcntl(fd, F_SETLK, &lock) == 0, "fcntl");
    }
    must(flock(fd, LOCK_EX) == 0, "flock");
    doze();
}

/* Children that are ended while they wait for something. */
static void
end_waiters(void)
{
    int hold[2], status, word = 0;

    must(pipe(hold) == 0, "pipe");
    for (int kind = 0; kind < 4; kind++) {
        pid_t pid = fork();
        if (pid == 0) {
            char byte;
            if (kind == 0)
                read(hold[0], &byte, 1);
            else if (kind == 1)
                syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0);
            else if (kind == 2 && fork() == 0)
                _exit(usleep(1000000)); /* left to init */
            else if (kind == 2)
                wait(NULL);
            usleep(1000000000);
            _exit(1);
        }
        doze();
        must(kill(pid, SIGKILL) == 0, "kill");
        must(waitpid(pid, &status, 0) == pid && status == SIGKILL, "SIGKILL");
    }
}

static void
look_around(void)
{
    static const char *const files[] = {
        "/proc/meminfo", "/proc/self/maps", "/proc/stat", "/proc/net/unix",
        "/proc/mounts",  "/proc/1/status",  "/etc/passwd"};
    char text[PAGE];

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int fd = open(files[i], O_RDONLY);
        must(fd >= 0 && read(fd, text, sizeof(text)) > 0, files[i]);
        must(open("/root/nothing", O_RDONLY) < 0, "what is not there");
        close(fd);
    }
}

static void (*const workers[])(void) = {
    change_files, mount_memory, use_pipes,   use_sockets,
    use_memory,   run_programs, run_threads, use_timers,
    use_terminal, take_locks,   end_waiters, look_around,
};

/* ---- Counting ---- */

struct count {
    const char *name;
    uint64_t before, after, slack;
};

/* A number of a file of /proc, the one behind word. */
static uint64_t
number(const char *path, const char *word)
{
    char text[PAGE] = "", *found;
    int fd = open(path, O_RDONLY);

    must(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, path);
    close(fd);
    found = strstr(text, word);
    must(found != NULL, word);
    return strtoull(found + strlen(word), NULL, 10);
}

static uint64_t
lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    uint64_t lines = 0;
    int c;

    must(file != NULL, path);
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

/* Frames of blocks of the disk count twice where their headers fill slabs of
 * their own: tests/guest/test_leaks.py. */
static struct count counts[] = {
    {"frames", 0, 0, 8},    {"blocks of /", 0, 0, 0}, {"inodes of /", 0, 0, 0},
    {"processes", 0, 0, 0}, {"sockets", 0, 0, 0},     {"mounts", 0, 0, 0},
};

static void
take_counts(bool is_before)
{
    struct statfs disk;
    uint64_t now[ARRAY_LEN(counts)];

    sync();
    must(statfs("/", &disk) == 0, "statfs");
    uint64_t buffers = number("/proc/meminfo", "Buffers:");
    now[0] = (number("/proc/meminfo", "MemAvailable:") + buffers) / 4;
    now[1] = disk.f_bfree;
    now[2] = disk.f_ffree;
    now[3] = number("/proc/stat", "processes");
    now[4] = lines_of("/proc/net/unix");
    now[5] = lines_of("/proc/mounts");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        *(is_before ? &counts[i].before : &counts[i].after) = now[i];
}

static bool
is_lost(const struct count *c)
{
    return c->before > c->after + c->slack ||
           (c->slack == 0 && c->before != c->after);
}

/* Counts again until all is as it was, for what init is left with goes by and
 * by. Prints the table; returns whether it came to that. */
static bool
compare(void)
{
    bool lost = true;

    for (int i = 0; i < PATIENCE && lost; i++) {
        wait_a_little();
        take_counts(false);
        lost = false;
        for (size_t j = 0; j < ARRAY_LEN(counts); j++)
            lost |= is_lost(&counts[j]);
    }
    printf("%-14s %10s %10s\n", "what", "before", "after");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        printf("%-14s %10lu %10lu%s\n", counts[i].name,
               (unsigned long)counts[i].before, (unsigned long)counts[i].after,
               is_lost(&counts[i]) ? "  LOST" : "");
    return !lost;
}

/* ---- */

static uint64_t
now_s(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock_gettime");
    return (uint64_t)t.tv_sec;
}

/* Everybody at once. */
static void
run_round(void)
{
    int status;

    for (size_t i = 0; i < WORKERS; i++) {
        unsigned own = roll(1u << 16);
        pid_t pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0) {
            seed = own;
            workers[i]();
            _exit(0);
        }
    }
    for (size_t i = 0; i < WORKERS; i++) {
        must(wait(&status) > 0, "wait");
        errno = 0;
        must(status == 0, "a worker has failed");
    }
    operations += WORKERS;
}

int
main(int argc, char **argv)
{
    uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 10 * MINUTE;
    uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_MAX;
    uint64_t start, next;

    can_leap = argc <= 2;
    uint64_t processes = number("/proc/stat", "processes");
    for (int i = 0; i < WARM; i++)
        run_round();
    for (int i = 0; i < PATIENCE; i++) {
        if (number("/proc/stat", "processes") == processes)
            break;
        wait_a_little();
    }
    take_counts(true);
    start = next = now_s();
    for (uint64_t i = 0; i < rounds && now_s() - start < seconds; i++) {
        run_round();
        next += PERIOD;
        if (can_leap && next > now_s())
            sleep((unsigned)(next - now_s()));
        if (i % 10 == 9) {
            printf("round %lu\n", (unsigned long)i + 1);
            fflush(stdout);
        }
    }
    printf("load: %lu s, %lu workers\n", (unsigned long)(now_s() - start),
           (unsigned long)operations);
    return compare() ? 0 : 1;
}
