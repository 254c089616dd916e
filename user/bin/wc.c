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
    /* In columns, unless a single number is all there is. */
    int width = show_lines + show_words + show_bytes > 1 ? 7 : 1;
    const char *gap = "";

    if (show_lines)
        printf("%*lu", width, n->lines);
    gap = show_lines ? " " : "";
    if (show_words)
        printf("%s%*lu", gap, width, n->words);
    gap = show_lines || show_words ? " " : "";
    if (show_bytes)
        printf("%s%*lu", gap, width, n->bytes);
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
