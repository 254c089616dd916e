/* rm: removes files. */
#include <getopt.h>
#include <prog.h>
#include <remove.h>

static const char usage[] =
    "usage: rm [-dfirRv] FILE...\n"
    "Remove FILEs.\n"
    "  -d  empty directories too   -r, -R  directories and all in them\n"
    "  -f  no questions, and no complaint about what is not there\n"
    "  -i  ask before everything   -v      say what was removed\n";

int
main(int argc, char **argv)
{
    struct remove_options options = {0};
    bool good = true;
    int c;

    while ((c = prog_option(argc, argv, "dfirRv", usage)) != -1) {
        options.empty |= c == 'd';
        options.recursive |= c == 'r' || c == 'R';
        options.verbose |= c == 'v';
        /* The last one of -f and -i counts. */
        if (c == 'f' || c == 'i') {
            options.force = c == 'f';
            options.interactive = c == 'i';
        }
    }
    if (optind == argc && !options.force)
        prog_usage(usage);
    for (; optind < argc; optind++)
        good &= remove_path(&options, argv[optind]);
    prog_exit(!good);
}
