/* env: prints the environment, or runs a program in a changed one. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: env [-i] [-u NAME] [NAME=VALUE...] [COMMAND [ARG...]]\n"
    "Run COMMAND, or print the environment, with NAME set.\n"
    "  -i  start with nothing set   -u  NAME is not set\n";

int
main(int argc, char **argv)
{
    static char *nothing[] = {NULL};
    char *equals;
    int c;

    while ((c = prog_option(argc, argv, "iu:", usage)) != -1)
        if (c == 'i')
            environ = nothing;
        else
            unsetenv(optarg);
    for (; optind < argc && (equals = strchr(argv[optind], '=')); optind++) {
        *equals = '\0';
        if (setenv(argv[optind], equals + 1, 1) != 0)
            err(125, "%s", argv[optind]);
    }
    if (optind < argc) {
        execvp(argv[optind], argv + optind);
        err(errno == ENOENT ? 127 : 126, "%s", argv[optind]);
    }
    for (char **e = environ; *e; e++)
        puts(*e);
    prog_exit(0);
}
