/* basename: prints the last part of a path. */
#include <getopt.h>
#include <prog.h>
#include <string.h>

static const char usage[] = "usage: basename PATH [SUFFIX]\n"
                            "Print the last part of PATH, without SUFFIX.\n";

int
main(int argc, char **argv)
{
    size_t len, cut;
    char *last;

    prog_option(argc, argv, "", usage);
    if (argc - optind < 1 || argc - optind > 2)
        prog_usage(usage);
    last = prog_last_part(argv[optind]);
    len = strlen(last);
    if (argc - optind == 2) {
        cut = strlen(argv[optind + 1]);
        if (cut < len && strcmp(last + len - cut, argv[optind + 1]) == 0)
            last[len - cut] = '\0';
    }
    puts(last);
    prog_exit(0);
}
