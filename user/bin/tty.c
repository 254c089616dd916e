/* tty: prints the name of the terminal on standard input. */
#include <prog.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
    "usage: tty [-s]\n"
    "Print the name of the terminal on standard input; -s: just say by the\n"
    "exit status whether there is one.\n";

int
main(int argc, char **argv)
{
    bool silent = false;
    char name[256];
    ssize_t n;

    while (prog_option(argc, argv, "s", usage) == 's')
        silent = true;
    if (!isatty(STDIN_FILENO)) {
        if (!silent)
            puts("not a tty");
        prog_exit(1);
    }
    n = readlink("/proc/self/fd/0", name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = '\0';
    if (!silent)
        puts(n > 0 ? name : "/dev/tty");
    prog_exit(0);
}
