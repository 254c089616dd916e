/* readlink: prints what symbolic links point to. */
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <unistd.h>

static const char usage[] =
    "usage: readlink [-n] LINK...\n"
    "Print what symbolic links point to; -n without a newline.\n";

int
main(int argc, char **argv)
{
    static char target[2 * PATH_MAX];
    bool plain = prog_option(argc, argv, "n", usage) == 'n';
    int status = 0;

    if (optind == argc)
        prog_usage(usage);
    for (int i = optind; i < argc; i++) {
        ssize_t n = readlink(argv[i], target, sizeof(target));
        if (n < 0) {
            warn("%s", argv[i]);
            status = 1;
            continue;
        }
        fwrite(target, 1, (size_t)n, stdout);
        if (!plain)
            putchar('\n');
    }
    prog_exit(status);
}
