/* tail: prints the end of files. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: tail [-f] [-n [+]LINES] [-c [+]BYTES] [FILE...]\n"
    "Print the last 10 lines, or LINES or BYTES; with +, from there on.\n"
    "  -f  then go on printing what is added to the FILE, the only one\n";

static unsigned long wanted = 10;
static bool by_bytes, from_start, titles, follow;

/* Skips to the wanted line or byte, counted from 1, and copies the rest. */
static void
print_from(FILE *f)
{
    unsigned long at = 1;
    int c;

    while ((c = getc(f)) != EOF) {
        if (at >= wanted)
            putchar(c);
        at += by_bytes || c == '\n';
    }
}

/* Reads all of f, which may be a pipe, and looks back from its end. */
static void
print_last(FILE *f)
{
    size_t room = 65536, len = 0, start, found = 0;
    char *text = malloc(room);
    size_t n;

    if (!text)
        err(1, "tail");
    while ((n = fread(text + len, 1, room - len, f)) > 0) {
        len += n;
        if (len < room)
            continue;
        char *bigger = realloc(text, room *= 2);
        if (!bigger)
            err(1, "tail");
        text = bigger;
    }
    start = len;
    if (by_bytes)
        start = len > wanted ? len - wanted : 0;
    else
        for (; start > 0; start--)
            if (text[start - 1] == '\n' && start < len && ++found == wanted)
                break;
    if (!by_bytes && wanted == 0)
        start = len;
    fwrite(text + start, 1, len - start, stdout);
    free(text);
}

/* Prints what is added to f, until a signal ends the program. */
static void
print_more(FILE *f, const char *name)
{
    char block[4096];
    struct stat st;
    size_t n;

    /* A pipe that has ended stays so. */
    while (fstat(fileno(f), &st) == 0 && !S_ISFIFO(st.st_mode)) {
        if (S_ISREG(st.st_mode) && st.st_size < ftell(f)) {
            warnx("%s: was cut short", name);
            fseek(f, 0, SEEK_SET);
        }
        clearerr(f);
        while ((n = fread(block, 1, sizeof(block), f)) > 0)
            fwrite(block, 1, n, stdout);
        if (ferror(f) || fflush(stdout) != 0)
            return;
        sleep(1);
    }
}

static void
print_end(FILE *f, const char *name)
{
    static bool again;

    if (titles)
        printf("%s==> %s <==\n", again ? "\n" : "", name);
    again = true;
    if (from_start)
        print_from(f);
    else
        print_last(f);
    if (follow)
        print_more(f, name);
}

static void
read_count(const char *text)
{
    from_start = *text == '+';
    wanted = prog_number(text + from_start + (*text == '-'), LONG_MAX);
}

int
main(int argc, char **argv)
{
    int c;

    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) {
        read_count(argv[1]);
        argv++;
        argc--;
    }
    while ((c = prog_option(argc, argv, "c:fn:", usage)) != -1) {
        follow |= c == 'f';
        if (c == 'f')
            continue;
        by_bytes = c == 'c';
        read_count(optarg);
    }
    titles = argc - optind > 1;
    if (follow && titles)
        prog_usage(usage);
    prog_exit(!prog_each_file(argc, argv, print_end));
}
