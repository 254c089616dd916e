/* cmp: compares two files. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: cmp [-s] FILE1 FILE2\n"
    "Tell where two files first differ; -s only by the exit status:\n"
    "0 if they are equal, 1 if they differ, 2 on errors.\n";

static FILE *
open_file(const char *name)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");

    if (!f)
        err(2, "%s", name);
    return f;
}

int
main(int argc, char **argv)
{
    bool silent = prog_option(argc, argv, "s", usage) == 's';
    unsigned long at = 1, line = 1;
    const char *names[2];
    FILE *f, *g;
    int c, d;

    if (argc - optind != 2)
        prog_usage(usage);
    names[0] = argv[optind];
    names[1] = argv[optind + 1];
    f = open_file(names[0]);
    g = open_file(names[1]);
    for (; (c = getc(f)) == (d = getc(g)) && c != EOF; at++)
        line += c == '\n';
    if (ferror(f) || ferror(g))
        err(2, "%s", names[ferror(g) != 0]);
    if (c == d)
        return 0;
    if (!silent && (c == EOF || d == EOF))
        warnx("%s ends after byte %lu", names[d == EOF], at - 1);
    else if (!silent)
        printf("%s %s differ: byte %lu, line %lu\n", names[0], names[1], at,
               line);
    prog_exit(1);
}
