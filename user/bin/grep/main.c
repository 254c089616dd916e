/* grep: prints the lines that match a regular expression. */
#include "regex.h"
#include <dirent.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: grep [-EFHLchilnoqrsvx] [-e] PATTERN [FILE...]\n"
    "Print lines that match PATTERN: . [a-z] [^a-z] * ^ $, with -E + ? | ()\n"
    "  -E  extended PATTERN   -F  PATTERN is plain text\n"
    "  -H -h  with, without file names   -n  with line numbers\n"
    "  -c  only how many      -l -L  only names of files with, without\n"
    "  -i  ignore case        -o  only what matches   -q  print nothing\n"
    "  -r  files of directories   -s  no messages   -v  lines that do not\n"
    "  -x  whole lines\n"
    "The exit status is 0 if a line was selected, 1 if none, 2 on errors.\n";

static struct regex *regex;
static const char *plain; /* with -F, instead of regex */
static char option[128];  /* by letter */
static bool any, failed;

static bool
plain_search(const char *line, const char **start, int *length)
{
    size_t n = strlen(plain);

    for (; *line || n == 0; line++) {
        if ((option['i'] ? strncasecmp(line, plain, n)
                         : strncmp(line, plain, n)) != 0)
            continue;
        *start = line;
        *length = (int)n;
        return true;
    }
    return false;
}

static bool
search(const char *line, const char **start, int *length)
{
    return plain ? plain_search(line, start, length)
                 : regex_search(regex, line, start, length);
}

static bool
is_selected(const char *line)
{
    const char *start;
    int length;
    bool found = search(line, &start, &length);

    if (found && option['x'])
        found = start == line && line[length] == '\0';
    return found != (option['v'] != 0);
}

static void
print_prefix(const char *name, unsigned long number)
{
    if (option['H'])
        printf("%s:", name);
    if (option['n'])
        printf("%lu:", number);
}

static void
print_line(const char *name, unsigned long number, const char *line)
{
    const char *start;
    int length;

    if (!option['o']) {
        print_prefix(name, number);
        puts(line);
        return;
    }
    while (*line && search(line, &start, &length)) {
        if (length > 0) {
            print_prefix(name, number);
            printf("%.*s\n", length, start);
        }
        line = start + (length > 0 ? length : 1);
    }
}

static void
grep_file(FILE *f, const char *name)
{
    unsigned long number = 0, found = 0;
    bool list = option['l'] || option['L'];
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    if (f == stdin)
        name = "(standard input)";
    while ((n = getline(&line, &size, f)) >= 0) {
        number++;
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (!is_selected(line))
            continue;
        found++;
        if (option['q'])
            exit(0);
        if (list)
            break;
        if (!option['c'])
            print_line(name, number, line);
    }
    free(line);
    any |= found > 0;
    if (option['c'] && !list) {
        if (option['H'])
            printf("%s:", name);
        printf("%lu\n", found);
    }
    if (list && (found > 0) == (option['l'] != 0))
        puts(name);
}

static void
complain(const char *path)
{
    if (!option['s'])
        warn("%s", path);
    failed = true;
}

static void grep_path(const char *path);

static void
grep_directory(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    char *below;

    if (!d) {
        complain(path);
        return;
    }
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            e->d_type == DT_LNK)
            continue;
        if (asprintf(&below, "%s/%s", strcmp(path, "/") == 0 ? "" : path,
                     e->d_name) < 0)
            err(2, "%s", path);
        grep_path(below);
        free(below);
    }
    closedir(d);
}

static void
grep_path(const char *path)
{
    struct stat st;
    FILE *f;

    if (option['r'] && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        grep_directory(path);
        return;
    }
    f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!f) {
        complain(path);
        return;
    }
    grep_file(f, path);
    if (ferror(f))
        complain(path);
    if (f != stdin)
        fclose(f);
}

static void
compile(const char *pattern)
{
    const char *error;

    if (option['F']) {
        plain = pattern;
        return;
    }
    regex = regex_compile(pattern, option['E'], option['i'], &error);
    if (!regex)
        errx(2, "%s: %s", pattern, error);
}

int
main(int argc, char **argv)
{
    const char *pattern = NULL;
    int c;

    while ((c = prog_option(argc, argv, "EFHLce:hilnoqrsvx", usage)) != -1) {
        option[c] = 1;
        if (c == 'e')
            pattern = optarg;
    }
    if (!pattern && optind == argc)
        prog_usage(usage);
    compile(pattern ? pattern : argv[optind++]);
    if (!option['h'] && (argc - optind > 1 || option['r']))
        option['H'] = 1;
    if (option['h'])
        option['H'] = 0;
    if (optind == argc)
        grep_path(option['r'] ? "." : "-");
    for (int i = optind; i < argc; i++)
        grep_path(argv[i]);
    prog_exit(failed ? 2 : !any);
}
