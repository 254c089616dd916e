/* script: keeps a record of what a session shows on its terminal. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <prog.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
    "usage: script [-q] [-c COMMAND] [FILE]\n"
    "Run a shell, or COMMAND, on a terminal of its own, and write all it "
    "shows\n"
    "to FILE (typescript if not given). -q: without saying so.\n";

/* Runs in the child, on the slave. */
static void
run(const char *slave, const struct termios *modes, const struct winsize *size,
    char *command)
{
    int fd;

    setsid();
    fd = open(slave, O_RDWR);
    if (fd < 0)
        err(127, "%s", slave);
    if (modes)
        tcsetattr(fd, TCSANOW, modes);
    ioctl(fd, TIOCSWINSZ, size);
    for (int i = 0; i <= 2; i++)
        dup2(fd, i);
    if (fd > 2)
        close(fd);
    char *words[] = {"sh", command ? "-c" : NULL, command, NULL};
    execv("/bin/sh", words);
    err(127, "/bin/sh");
}

static bool
pass_on(int to, const char *bytes, ssize_t n)
{
    while (n > 0) {
        ssize_t written = write(to, bytes, (size_t)n);
        if (written <= 0)
            return false;
        bytes += written;
        n -= written;
    }
    return true;
}

/* Carries bytes between the terminals until the session has ended. */
static void
carry(int master, int record)
{
    struct pollfd fds[2] = {{.fd = master, .events = POLLIN},
                            {.fd = STDIN_FILENO, .events = POLLIN}};
    char bytes[1024];
    ssize_t n;

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            err(1, "poll");
        if (fds[0].revents) {
            n = read(master, bytes, sizeof(bytes));
            if (n <= 0) /* EIO: nobody has the slave any more */
                return;
            if (!pass_on(STDOUT_FILENO, bytes, n) || !pass_on(record, bytes, n))
                err(1, "output");
        }
        if (fds[1].revents) {
            n = read(STDIN_FILENO, bytes, sizeof(bytes));
            if (n <= 0) {
                fds[1].fd = -1;
                n = 1;
                bytes[0] = 'D' & 0x1f; /* the end there, too */
            }
            pass_on(master, bytes, n);
        }
    }
}

int
main(int argc, char **argv)
{
    const char *file;
    char *command = NULL;
    struct termios modes, raw;
    struct winsize size = {0};
    bool quiet = false, on_tty = tcgetattr(STDIN_FILENO, &modes) == 0;
    int option, master, record, status = 0;
    pid_t pid;

    while ((option = prog_option(argc, argv, "qc:", usage)) >= 0)
        if (option == 'q')
            quiet = true;
        else
            command = optarg;
    file = optind < argc ? argv[optind] : "typescript";
    record = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (record < 0)
        err(1, "%s", file);
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        err(1, "no terminal");
    ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
    if (!quiet)
        fprintf(stderr, "Script started, output file is %s\n", file);
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        err(1, "fork");
    if (pid == 0)
        run(ptsname(master), on_tty ? &modes : NULL, &size, command);
    if (on_tty) {
        raw = modes;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    carry(master, record);
    if (on_tty)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    waitpid(pid, &status, 0);
    if (!quiet)
        fprintf(stderr, "Script done.\n");
    prog_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
