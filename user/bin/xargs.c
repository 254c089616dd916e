/* xargs: runs a program with arguments from standard input. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: xargs [-0] [-n MAX] [COMMAND [ARG...]]\n"
    "Run COMMAND (echo if there is none) with words of standard input added.\n"
    "  -0  words end with a zero byte   -n  at most MAX words a run\n";

#define MAX_ARGS 1024

static char *args[MAX_ARGS + 1];
static int fixed, count, status;

static void
run(void)
{
    int result;

    args[count] = NULL;
    result = prog_run(args);
    if (result == 126 || result == 127)
        exit(result);
    if (result != 0)
        status = 123;
    while (count > fixed)
        free(args[--count]);
}

/* The next word, from malloc; NULL at the end. */
static char *
next_word(bool zero)
{
    char word[4096];
    size_t n = 0;
    int c, quote = 0;

    while (!zero && (c = getchar()) != EOF)
        if (!isspace(c)) {
            ungetc(c, stdin);
            break;
        }
    while ((c = getchar()) != EOF && n < sizeof(word) - 1) {
        if (zero ? c == 0 : !quote && isspace(c))
            return strndup(word, n);
        if (!zero && quote && c == quote)
            quote = 0;
        else if (!zero && !quote && (c == '\'' || c == '"'))
            quote = c;
        else if (!zero && !quote && c == '\\' && (c = getchar()) == EOF)
            break;
        else
            word[n++] = (char)c;
    }
    return n > 0 ? strndup(word, n) : NULL;
}

int
main(int argc, char **argv)
{
    unsigned long max = MAX_ARGS;
    bool zero = false;
    char *word;
    int c;

    while ((c = prog_option(argc, argv, "0n:", usage)) != -1) {
        zero |= c == '0';
        if (c == 'n')
            max = prog_number(optarg, MAX_ARGS);
    }
    for (; optind < argc && fixed < MAX_ARGS / 2; optind++)
        args[fixed++] = argv[optind];
    if (fixed == 0)
        args[fixed++] = (char *)"echo";
    count = fixed;
    while ((word = next_word(zero))) {
        args[count++] = word;
        if (count == MAX_ARGS || (unsigned long)(count - fixed) >= max)
            run();
    }
    if (count > fixed)
        run();
    return status;
}
