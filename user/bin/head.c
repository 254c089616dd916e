/* head: prints the start of files. */
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <ctype.h>
#include <stdlib.h>

static const char usage[] = "usage: head [-n LINES] [-c BYTES] [FILE...]\n"
                            "Print the first 10 lines, or LINES or BYTES.\n";

static unsigned long lines = 10, bytes = ULONG_MAX;
static bool titles;

static void
print_start(FILE *f, const char *name)
{
    static bool again;
    unsigned long left = lines, room = bytes;
    int c;

    if (titles)
        printf("%s==> %s <==\n", again ? "\n" : "", name);
    again = true;
    while (left > 0 && room > 0 && (c = getc(f)) != EOF) {
        putchar(c);
        room--;
        left -= c == '\n';
    }
}

int
main(int argc, char **argv)
{
    int c;

    /* The old form, head -5. */
    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) {
        lines = prog_number(argv[1] + 1, ULONG_MAX);
        argv++;
        argc--;
    }
    while ((c = prog_option(argc, argv, "c:n:", usage)) != -1)
        if (c == 'c') {
            bytes = prog_number(optarg, ULONG_MAX);
            lines = ULONG_MAX;
        } else {
            lines = prog_number(optarg, ULONG_MAX);
            bytes = ULONG_MAX;
        }
    titles = argc - optind > 1;
    prog_exit(!prog_each_file(argc, argv, print_start));
}
