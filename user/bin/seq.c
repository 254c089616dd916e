/* seq: prints numbers in order. */
#include <err.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: seq [FIRST [STEP]] LAST\n"
                            "Print the whole numbers from FIRST to LAST.\n";

static long
number(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (!*text || *end)
        errx(2, "%s: not a whole number", text);
    return n;
}

int
main(int argc, char **argv)
{
    long first = 1, step = 1, last;

    if (argc > 1 &&
        (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    if (argc < 2 || argc > 4)
        prog_usage(usage);
    last = number(argv[argc - 1]);
    if (argc > 2)
        first = number(argv[1]);
    if (argc > 3)
        step = number(argv[2]);
    if (step == 0)
        errx(2, "the step must not be 0");
    for (long i = first; step > 0 ? i <= last : i >= last; i += step)
        printf("%ld\n", i);
    prog_exit(0);
}
