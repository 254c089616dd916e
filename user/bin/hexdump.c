/* hexdump: shows bytes in hexadecimal, and as text with -C. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <prog.h>
#include <string.h>

static const char usage[] =
    "usage: hexdump [-Cv] [-n BYTES] [-s SKIP] [FILE...]\n"
    "Show bytes in hexadecimal.\n"
    "  -C  as text too   -n  at most BYTES   -s  leave out the first SKIP\n"
    "  -v  all of them: else a row like the one before is shown as *\n";

static bool as_text, all;
static unsigned long limit = ULONG_MAX, skip;
static unsigned long at;

static void
show_row(const unsigned char *row, size_t n)
{
    printf(as_text ? "%08lx " : "%07lx", at);
    for (size_t i = 0; i < 16; i++) {
        if (as_text && i < n)
            printf("%s%02x", i == 8 ? "  " : " ", row[i]);
        else if (as_text)
            printf("%s", i == 8 ? "    " : "   ");
        else if (i % 2 == 0 && i < n)
            printf(" %04x", row[i] | (i + 1 < n ? row[i + 1] << 8 : 0));
    }
    if (as_text) {
        printf("  |");
        for (size_t i = 0; i < n; i++)
            putchar(isprint(row[i]) ? row[i] : '.');
        putchar('|');
    }
    putchar('\n');
}

static void
dump(FILE *f, const char *name)
{
    unsigned char row[16], last[16];
    bool starred = false, first = true;
    size_t n;

    (void)name;
    for (unsigned long i = 0; i < skip && getc(f) != EOF; i++)
        at++;
    while (limit > 0 && (n = fread(row, 1, limit < 16 ? limit : 16, f)) > 0) {
        limit -= n;
        if (!all && !first && n == 16 && memcmp(row, last, 16) == 0) {
            if (!starred)
                puts("*");
            starred = true;
        } else {
            show_row(row, n);
            starred = false;
        }
        memcpy(last, row, 16);
        first = false;
        at += n;
    }
}

int
main(int argc, char **argv)
{
    bool good;
    int c;

    while ((c = prog_option(argc, argv, "Cvn:s:", usage)) != -1) {
        as_text |= c == 'C';
        all |= c == 'v';
        if (c == 'n')
            limit = prog_number(optarg, ULONG_MAX);
        if (c == 's')
            skip = prog_number(optarg, ULONG_MAX);
    }
    good = prog_each_file(argc, argv, dump);
    printf(as_text ? "%08lx\n" : "%07lx\n", at);
    prog_exit(!good);
}
