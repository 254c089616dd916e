/* Pseudoterminals [posix posix_openpt]. */
#include <abi/termios.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int
posix_openpt(int flags)
{
    return open("/dev/ptmx", flags);
}

int
grantpt(int master)
{
    int number; /* the slave is its user's from the beginning */

    return ioctl(master, TIOCGPTN, &number);
}

int
unlockpt(int master)
{
    int locked = 0;

    return ioctl(master, TIOCSPTLCK, &locked);
}

char *
ptsname(int master)
{
    static char name[32];
    int number;

    if (ioctl(master, TIOCGPTN, &number) != 0)
        return NULL;
    snprintf(name, sizeof(name), "/dev/pts/%d", number);
    return name;
}
