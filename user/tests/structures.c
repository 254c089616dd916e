/* One call with each structure that strace can show: tests/guest/test_trace.py
 * knows what it shows. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void
on_alarm(int sig)
{
    (void)sig;
}

static void
files(void)
{
    struct stat st;
    struct timespec times[2] = {{7, 8}, {9, 10}};
    char entries[512], path[] = "/tmp/structures";
    int fd = open(path, O_RDWR | O_CREAT, 0640);
    struct iovec parts[] = {{path, 5}, {path, 10}};
    writev(fd, parts, 2);
    syscall(SYS_utimensat, fd, NULL, times, 0);
    fstat(fd, &st);
    close(fd);
    fd = open("/mnt", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents64, fd, entries, sizeof(entries));
    close(fd);
    stat("/nothing", &st);
}

static void
descriptors(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX,
                                  .sun_path = "/tmp/door"};
    int fds[2], sock = socket(AF_UNIX, SOCK_STREAM, 0);
    pipe(fds);
    struct pollfd polled[] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}};
    poll(polled, 2, 0);
    bind(sock, (struct sockaddr *)&address, sizeof(address));
    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static void
signals(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigset_t set;
    int status;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&action.sa_mask, SIGINT);
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    sigemptyset(&set);
    sigsuspend(&set);
    if (fork() == 0)
        _exit(3);
    wait(&status);
}

int
main(void)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct termios settings;
    struct timespec nap = {0, 1000};
    uint64_t limits[2] = {77, ~0ul};
    files();
    descriptors();
    signals();
    nanosleep(&nap, NULL);
    syscall(SYS_prlimit64, 0, 7, NULL, limits);
    limits[0] = 77;
    limits[1] = ~0ul;
    syscall(SYS_setrlimit, 4, limits);
    ioctl(0, TIOCSWINSZ, &size);
    ioctl(0, TIOCGWINSZ, &size);
    tcgetattr(0, &settings);
    syscall(SYS_fstat, 0, 8); /* an address of nothing */
    return 0;
}
