/* tr: replaces or deletes bytes. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <string.h>

static const char usage[] =
    "usage: tr [-c] [-s] SET1 SET2\n"
    "       tr [-c] -d SET1\n"
    "Replace bytes of SET1 by those of SET2, or delete them (-d), from\n"
    "standard input to standard output. Sets are like a-z, [:alpha:], \\n.\n"
    "  -c  SET1 is all other bytes   -s  repeated results become one\n";

struct set {
    unsigned char bytes[512];
    size_t count;
};

static void
set_add(struct set *s, int c)
{
    if (s->count == sizeof(s->bytes))
        errx(2, "a set is too long");
    s->bytes[s->count++] = (unsigned char)c;
}

static int
read_byte(const char **s)
{
    static const char letters[] = "nrtabfv0", bytes[] = "\n\r\t\a\b\f\v";
    const char *found;
    int c = (unsigned char)*(*s)++;

    if (c == '\\' && **s) {
        c = (unsigned char)*(*s)++;
        found = strchr(letters, c);
        return found ? bytes[found - letters] : c;
    }
    return c;
}

static bool
is_in_class(const char *name, int c)
{
    return (strncmp(name, "alpha:", 6) == 0 && isalpha(c)) ||
           (strncmp(name, "digit:", 6) == 0 && isdigit(c)) ||
           (strncmp(name, "alnum:", 6) == 0 && isalnum(c)) ||
           (strncmp(name, "upper:", 6) == 0 && isupper(c)) ||
           (strncmp(name, "lower:", 6) == 0 && islower(c)) ||
           (strncmp(name, "space:", 6) == 0 && isspace(c)) ||
           (strncmp(name, "punct:", 6) == 0 && ispunct(c)) ||
           (strncmp(name, "print:", 6) == 0 && isprint(c));
}

static void
read_set(struct set *set, const char *s)
{
    while (*s) {
        const char *end;
        if (strncmp(s, "[:", 2) == 0 && (end = strstr(s, ":]"))) {
            for (int c = 0; c < 256; c++)
                if (is_in_class(s + 2, c))
                    set_add(set, c);
            s = end + 2;
            continue;
        }
        int low = read_byte(&s), high = low;
        if (*s == '-' && s[1]) {
            s++;
            high = read_byte(&s);
        }
        for (; low <= high; low++)
            set_add(set, low);
    }
}

static void
complement(struct set *s)
{
    struct set other = {.count = 0};

    for (int c = 0; c < 256; c++)
        if (!memchr(s->bytes, c, s->count))
            set_add(&other, c);
    *s = other;
}

int
main(int argc, char **argv)
{
    bool delete = false, invert = false, squeeze = false;
    struct set from = {.count = 0}, to = {.count = 0};
    short map[256];
    int c, last = EOF;

    while ((c = prog_option(argc, argv, "cds", usage)) != -1) {
        delete |= c == 'd';
        invert |= c == 'c';
        squeeze |= c == 's';
    }
    if (argc - optind < 1 || argc - optind > 2 ||
        (argc - optind == 1 && !delete &&!squeeze))
        prog_usage(usage);
    read_set(&from, argv[optind]);
    if (invert)
        complement(&from);
    read_set(&to, argv[argc - 1]);
    if (to.count == 0)
        errx(2, "the last set is empty");
    for (c = 0; c < 256; c++)
        map[c] = (short)c;
    for (size_t i = 0; i < from.count; i++)
        map[from.bytes[i]] = (short)(delete               ? EOF
                                     : argc - optind == 1 ? from.bytes[i]
                                     : i < to.count       ? to.bytes[i]
                                                    : to.bytes[to.count - 1]);
    while ((c = getchar()) != EOF) {
        c = map[c];
        if (c == EOF || (squeeze && c == last && memchr(to.bytes, c, to.count)))
            continue;
        putchar(c);
        last = c;
    }
    prog_exit(ferror(stdin));
}
