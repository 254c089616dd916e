/* rmdir: removes empty directories. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: rmdir [-pv] DIR...\n"
    "Remove empty directories; -p those above them too, -v say so.\n";

static bool parents, verbose;

static bool
remove_one(const char *path)
{
    if (rmdir(path) != 0) {
        warn("%s", path);
        return false;
    }
    if (verbose)
        printf("removed %s\n", path);
    return true;
}

/* Cuts the last part off path. Returns whether something is left. */
static bool
cut(char *path)
{
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 0 && path[n - 1] == '/')
        n--;
    path[n] = '\0';
    return n > 0;
}

int
main(int argc, char **argv)
{
    bool good = true;
    int c;

    while ((c = prog_option(argc, argv, "pv", usage)) != -1) {
        parents |= c == 'p';
        verbose |= c == 'v';
    }
    if (optind == argc)
        prog_usage(usage);
    for (; optind < argc; optind++) {
        bool gone = remove_one(argv[optind]);
        while (gone && parents && cut(argv[optind]))
            gone = remove_one(argv[optind]);
        good &= gone;
    }
    prog_exit(!good);
}
