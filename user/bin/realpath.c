/* realpath: prints where files really are. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <resolve.h>
#include <stdlib.h>

static const char usage[] =
    "usage: realpath [-emqz] FILE...\n"
    "Print the absolute paths of FILEs, without links, . and .. in them.\n"
    "The last part need not be there.\n"
    "  -e  it must, too        -q  no complaints\n"
    "  -m  nothing needs to    -z  end lines with a zero byte\n";

int
main(int argc, char **argv)
{
    enum resolve_missing missing = RESOLVE_LAST;
    bool quiet = false;
    int status = 0, end = '\n', c;

    while ((c = prog_option(argc, argv, "emqz", usage)) != -1) {
        if (c == 'e' || c == 'm')
            missing = c == 'e' ? RESOLVE_NONE : RESOLVE_ANY;
        quiet |= c == 'q';
        if (c == 'z')
            end = '\0';
    }
    if (optind == argc)
        prog_usage(usage);
    for (; optind < argc; optind++) {
        char *path = resolve_path(argv[optind], missing);
        if (path) {
            fputs(path, stdout);
            putchar(end);
        } else {
            status = 1;
            if (!quiet)
                warn("%s", argv[optind]);
        }
        free(path);
    }
    prog_exit(status);
}
