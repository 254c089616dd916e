#include "console.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

void
console_open(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest free descriptor is this one. */
        if (open("/dev/console", O_RDWR | O_NOCTTY) != fd)
            _exit(1);
    }
}

void
console_take(void)
{
    setsid();
    ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    /* Whose it was before has gone. */
    fchown(STDIN_FILENO, 0, 0);
    fchmod(STDIN_FILENO, 0600);
}
