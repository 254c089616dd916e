/* mktemp: makes a file or directory with a name of its own. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: mktemp [-dqu] [-p DIR] [TEMPLATE]\n"
    "Make a file that only the user can read, and print its name: TEMPLATE\n"
    "(tmp.XXXXXXXXXX) with the Xs at its end replaced.\n"
    "  -d  a directory               -p  in DIR; $TMPDIR or /tmp if neither\n"
    "  -u  nothing, only the name        DIR nor TEMPLATE is given\n"
    "  -q  no complaints\n";

int
main(int argc, char **argv)
{
    bool directory = false, name_only = false, quiet = false, good;
    const char *dir = NULL;
    char *path;
    int c;

    while ((c = prog_option(argc, argv, "dp:qu", usage)) != -1) {
        directory |= c == 'd';
        quiet |= c == 'q';
        name_only |= c == 'u';
        if (c == 'p')
            dir = optarg;
    }
    if (argc - optind > 1)
        prog_usage(usage);
    if (!dir && optind == argc)
        dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    path = prog_format("%s", optind < argc ? argv[optind] : "tmp.XXXXXXXXXX");
    if (dir)
        path = prog_join(dir, path);
    if (name_only)
        good = mktemp(path) != NULL;
    else if (directory)
        good = mkdtemp(path) != NULL;
    else
        good = mkstemp(path) >= 0;
    if (!good && !quiet)
        warn("%s", path);
    if (good)
        puts(path);
    prog_exit(!good);
}
