/* readlink: prints what symbolic links hold. */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <prog.h>
#include <resolve.h>
#include <stdlib.h>

static const char usage[] =
    "usage: readlink [-n] LINK...\n"
    "       readlink -e|-f|-m [-n] FILE...\n"
    "Print what symbolic links hold, or where FILEs really are.\n"
    "  -e  all of the path must be there   -f  all but the last part\n"
    "  -m  nothing needs to be             -n  no newline at the end\n";

int
main(int argc, char **argv)
{
    enum resolve_missing missing = RESOLVE_NONE;
    bool resolve = false, plain = false;
    int status = 0, c;

    while ((c = prog_option(argc, argv, "efmn", usage)) != -1) {
        plain |= c == 'n';
        resolve |= c != 'n';
        if (c != 'n')
            missing = c == 'e'   ? RESOLVE_NONE
                      : c == 'f' ? RESOLVE_LAST
                                 : RESOLVE_ANY;
    }
    if (optind == argc)
        prog_usage(usage);
    for (; optind < argc; optind++) {
        char *text = resolve ? resolve_path(argv[optind], missing)
                             : resolve_link(AT_FDCWD, argv[optind]);
        if (!text) {
            warn("%s", argv[optind]);
            status = 1;
            continue;
        }
        printf("%s%s", text, plain && optind == argc - 1 ? "" : "\n");
        free(text);
    }
    prog_exit(status);
}
