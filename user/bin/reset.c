/* reset: makes a terminal that was left in a strange state usable again. */
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: reset\nMake the terminal's settings sane and its screen empty.\n";

int
main(int argc, char **argv)
{
    char *stty[] = {"stty", "sane", NULL};
    int status;

    prog_option(argc, argv, "", usage);
    status = prog_run(stty);
    /* Back to the usual character set, scrolling region and colours. */
    fputs("\033c\033(B\033[r\033[m\033[?25h\033[H\033[2J\033[3J", stdout);
    prog_exit(status);
}
