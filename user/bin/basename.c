/* basename: prints the last part of a path. */
#include <getopt.h>
#include <prog.h>
#include <string.h>

static const char usage[] = "usage: basename PATH [SUFFIX]\n"
                            "Print the last part of PATH, without SUFFIX.\n";

int
main(int argc, char **argv)
{
    size_t end, start, cut;
    const char *path;

    prog_option(argc, argv, "", usage);
    if (argc - optind < 1 || argc - optind > 2)
        prog_usage(usage);
    path = argv[optind];
    end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    start = end > 0 ? end - 1 : 0;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (argc - optind == 2) {
        cut = strlen(argv[optind + 1]);
        if (cut < end - start &&
            strncmp(path + end - cut, argv[optind + 1], cut) == 0)
            end -= cut;
    }
    printf("%.*s\n", (int)(end - start), path + start);
    prog_exit(0);
}
