/* cut: prints parts of lines. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: cut -c LIST [FILE...]\n"
    "       cut -f LIST [-d BYTE] [-s] [FILE...]\n"
    "Print bytes (-c) or fields (-f) of lines. LIST is like 1,3-5,7-.\n"
    "  -d  what ends a field, else a tab   -s  skip lines without it\n";

#define MAX_PART 1024

static bool wanted[MAX_PART + 1]; /* the last one: all from there on */
static bool by_field, skip_plain;
static char delimiter = '\t';

static bool
is_wanted(unsigned long i)
{
    return wanted[i < MAX_PART ? i : MAX_PART];
}

static void
read_list(const char *s)
{
    do {
        char *end;
        unsigned long low = 1, high;
        if (isdigit(*s))
            low = strtoul(s, (char **)&s, 10);
        high = low;
        if (*s == '-') {
            high = strtoul(s + 1, &end, 10);
            high = end == s + 1 ? MAX_PART : high;
            s = end;
        }
        if (low < 1 || low > high || high > MAX_PART || (*s && *s != ','))
            errx(2, "%s: bad list", s);
        for (; low <= high; low++)
            wanted[low] = true;
    } while (*s++ == ',');
}

static void
print_fields(const char *line)
{
    const char stop[2] = {delimiter, '\0'};
    bool again = false;

    if (!strchr(line, delimiter)) {
        if (!skip_plain)
            puts(line);
        return;
    }
    for (unsigned long i = 1;; i++) {
        size_t n = strcspn(line, stop);
        if (is_wanted(i)) {
            if (again)
                putchar(delimiter);
            fwrite(line, 1, n, stdout);
            again = true;
        }
        if (!line[n])
            break;
        line += n + 1;
    }
    putchar('\n');
}

static void
cut(FILE *f, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    (void)name;
    while ((n = getline(&line, &size, f)) >= 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        if (by_field) {
            print_fields(line);
            continue;
        }
        for (ssize_t i = 0; i < n; i++)
            if (is_wanted((unsigned long)i + 1))
                putchar(line[i]);
        putchar('\n');
    }
    free(line);
}

int
main(int argc, char **argv)
{
    bool any = false;
    int c;

    while ((c = prog_option(argc, argv, "b:c:d:f:s", usage)) != -1) {
        by_field |= c == 'f';
        skip_plain |= c == 's';
        any |= c == 'f' || c == 'c' || c == 'b';
        if (c == 'd')
            delimiter = *optarg;
        else if (c != 's')
            read_list(optarg);
    }
    if (!any)
        prog_usage(usage);
    prog_exit(!prog_each_file(argc, argv, cut));
}
