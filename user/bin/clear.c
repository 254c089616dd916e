/* clear: clears the terminal's screen. */
#include <prog.h>

static const char usage[] = "usage: clear\nClear the screen.\n";

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", usage);
    fputs("\033[H\033[2J\033[3J", stdout);
    prog_exit(0);
}
