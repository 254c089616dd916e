/* sort: sorts lines. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "usage: sort [-fnru] [-k FIELD] [-t BYTE] [FILE...]\n"
    "Sort the lines of all FILEs.\n"
    "  -f  ignore case   -n  by numbers   -r  backwards\n"
    "  -k  by the text from FIELD on; fields end at BYTE (-t), or at blanks\n"
    "  -u  only the first of equal lines\n";

static bool fold, numeric, reverse, unique;
static unsigned long field = 1;
static char separator;

static char **lines;
static size_t count;

static void
add(char *line)
{
    static size_t room;

    if (count == room) {
        room = room ? room * 2 : 256;
        lines = realloc(lines, room * sizeof(*lines));
    }
    if (!lines || !line)
        err(2, "sort");
    lines[count++] = line;
}

static void
read_lines(FILE *f, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    (void)name;
    while ((n = getline(&line, &size, f)) >= 0) {
        if (line[n - 1] == '\n')
            n--;
        add(strndup(line, (size_t)n));
    }
    free(line);
}

static const char *
key(const char *line)
{
    for (unsigned long i = 1; i < field; i++) {
        if (separator) {
            line += strcspn(line, (char[]){separator, '\0'});
            line += *line != '\0';
        } else {
            line += strspn(line, " \t");
            line += strcspn(line, " \t");
        }
    }
    return line;
}

static int
compare_keys(const char *a, const char *b)
{
    if (numeric) {
        long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);
        return (x > y) - (x < y);
    }
    return fold ? strcasecmp(a, b) : strcmp(a, b);
}

static int
compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_keys(key(x), key(y));

    if (!order && !unique)
        order = strcmp(x, y);
    return reverse ? -order : order;
}

int
main(int argc, char **argv)
{
    bool good;
    int c;

    while ((c = prog_option(argc, argv, "fk:nrt:u", usage)) != -1) {
        fold |= c == 'f';
        numeric |= c == 'n';
        reverse |= c == 'r';
        unique |= c == 'u';
        if (c == 't')
            separator = *optarg;
        if (c == 'k') {
            optarg[strspn(optarg, "0123456789")] = '\0';
            field = prog_number(optarg, 1000);
        }
    }
    good = prog_each_file(argc, argv, read_lines);
    qsort(lines, count, sizeof(*lines), compare);
    for (size_t i = 0; i < count; i++)
        if (!unique || i == 0 || compare(&lines[i - 1], &lines[i]) != 0)
            puts(lines[i]);
    prog_exit(!good);
}
