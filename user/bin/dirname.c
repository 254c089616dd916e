/* dirname: prints a path without its last part. */
#include <getopt.h>
#include <prog.h>
#include <string.h>

static const char usage[] = "usage: dirname PATH...\n"
                            "Print PATHs without their last part.\n";

static size_t
without_slashes(const char *path, size_t n)
{
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", usage);
    if (optind == argc)
        prog_usage(usage);
    for (int i = optind; i < argc; i++) {
        size_t n = without_slashes(argv[i], strlen(argv[i]));
        while (n > 0 && argv[i][n - 1] != '/')
            n--;
        n = without_slashes(argv[i], n);
        if (n == 0)
            puts(".");
        else
            printf("%.*s\n", (int)n, argv[i]);
    }
    prog_exit(0);
}
