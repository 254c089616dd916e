/* uniq: drops lines that are the same as the one before. */
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: uniq [-cdu] [FILE]\n"
    "Print each run of equal lines once.\n"
    "  -c  with its length   -d  only if longer than 1   -u  only if 1\n";

static bool show_count, only_repeated, only_single;

static void
show(const char *line, unsigned long count)
{
    if (count == 0 || (only_repeated && count == 1) ||
        (only_single && count > 1))
        return;
    if (show_count)
        printf("%7lu ", count);
    puts(line);
}

static void
copy(FILE *f, const char *name)
{
    char *line = NULL, *last = NULL, *swap;
    size_t size = 0, last_size = 0, swap_size;
    unsigned long count = 0;
    ssize_t n;

    (void)name;
    while ((n = getline(&line, &size, f)) >= 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (count > 0 && strcmp(line, last) == 0) {
            count++;
            continue;
        }
        show(last, count);
        count = 1;
        swap = last;
        swap_size = last_size;
        last = line;
        last_size = size;
        line = swap;
        size = swap_size;
    }
    show(last, count);
    free(line);
    free(last);
}

int
main(int argc, char **argv)
{
    int c;

    while ((c = prog_option(argc, argv, "cdu", usage)) != -1) {
        show_count |= c == 'c';
        only_repeated |= c == 'd';
        only_single |= c == 'u';
    }
    if (argc - optind > 1)
        prog_usage(usage);
    prog_exit(!prog_each_file(argc, argv, copy));
}
