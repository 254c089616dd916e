/* wc: counts lines, words and bytes. */
#include <ctype.h>
#include <getopt.h>
#include <prog.h>

static const char usage[] = "usage: wc [-clw] [FILE...]\n"
                            "Count lines (-l), words (-w) and bytes (-c).\n";

struct counts {
    unsigned long lines, words, bytes;
};

static bool show_lines, show_words, show_bytes;
static struct counts total;

static void
show(const struct counts *n, const char *name)
{
    if (show_lines)
        printf(" %7lu", n->lines);
    if (show_words)
        printf(" %7lu", n->words);
    if (show_bytes)
        printf(" %7lu", n->bytes);
    printf("%s%s\n", *name ? " " : "", name);
}

static void
count(FILE *f, const char *name)
{
    static char block[16384];
    struct counts n = {0};
    bool in_word = false;
    size_t got;

    while ((got = fread(block, 1, sizeof(block), f)) > 0) {
        n.bytes += got;
        for (size_t i = 0; i < got; i++) {
            bool space = isspace((unsigned char)block[i]);
            n.lines += block[i] == '\n';
            n.words += !space && !in_word;
            in_word = !space;
        }
    }
    show(&n, f == stdin ? "" : name);
    total.lines += n.lines;
    total.words += n.words;
    total.bytes += n.bytes;
}

int
main(int argc, char **argv)
{
    bool good;
    int c;

    while ((c = prog_option(argc, argv, "clw", usage)) != -1) {
        show_bytes |= c == 'c';
        show_lines |= c == 'l';
        show_words |= c == 'w';
    }
    if (!show_bytes && !show_lines && !show_words)
        show_bytes = show_lines = show_words = true;
    good = prog_each_file(argc, argv, count);
    if (argc - optind > 1)
        show(&total, "total");
    prog_exit(!good);
}
