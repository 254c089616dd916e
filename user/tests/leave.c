/* Not a test but a bad init: it closes what it was given, lets no signal
 * through and ends with status 3. */
#include <signal.h>
#include <unistd.h>

int
main(void)
{
    sigset_t all;

    for (int number = 1; number <= NSIG; number++)
        signal(number, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    return 3;
}
