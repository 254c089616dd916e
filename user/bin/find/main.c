/* find: looks for files below directories. */
#include "find.h"
#include <err.h>
#include <errno.h>
#include <prog.h>
#include <string.h>

static const char usage[] =
    "usage: find [-H | -L] [PATH...] [EXPRESSION]\n"
    "Print the files below PATHs (.) that EXPRESSION is true for:\n"
    "  ! A, A B or A -a B, A -o B, ( A )\n"
    "  -name, -iname, -path PATTERN   -type f|d|l|c|b|p|s   -empty\n"
    "  -size N[ckMG]  (of 512 bytes)  -newer FILE           -perm [-/]MODE\n"
    "  -mtime N, -mmin N  (days, minutes since its change)  -links N\n"
    "  -user NAME, -group NAME        -inum N               -true, -false\n"
    "N can be +N, for more, or -N, for less. What is to be done:\n"
    "  -print, -print0, -delete, -prune (do not go in), -quit\n"
    "  -exec COMMAND {} ;   for each file;  -ok asks before\n"
    "  -exec COMMAND {} +   for as many at once as can be\n"
    "and how: -depth (contents first), -mindepth N, -maxdepth N,\n"
    "-xdev (stay on the file systems of PATHs). -L follows links, -H only\n"
    "those that are PATHs.\n";

struct find find = {.max_depth = SIZE_MAX};

void
find_complain(const char *path, int error)
{
    errno = error;
    warn("%s", path);
    find.status = 1;
}

static void
check(struct node *expression, const struct walk_entry *e)
{
    if (e->depth >= find.min_depth)
        expression->holds(expression, e);
}

/* A directory before what is in it; with -depth it is looked at after that,
 * unless nothing of it is. */
static void
begin_directory(struct node *expression, const struct walk_entry *e, dev_t home)
{
    bool skip =
        e->depth >= find.max_depth || (find.one_device && e->st.st_dev != home);

    if (!find.contents_first || skip)
        check(expression, e);
    if (skip)
        walk_skip(find.walk);
}

static void
search(const char *path, struct node *expression)
{
    const struct walk_entry *e;
    dev_t home = 0;

    find.walk = walk_open(path, find.follow);
    while ((e = walk_next(find.walk))) {
        if (e->depth == 0 && e->kind != WALK_ERROR)
            home = e->st.st_dev;
        if (e->kind == WALK_ERROR)
            find_complain(e->path, e->error);
        else if (e->kind == WALK_DIR)
            begin_directory(expression, e, home);
        else if (e->kind == WALK_FILE || find.contents_first)
            check(expression, e);
    }
    walk_close(find.walk);
}

/* Takes -H, -L and -P; returns the first word behind them. */
static char **
read_options(char **words)
{
    for (; *words; words++) {
        if (strcmp(*words, "-L") == 0)
            find.follow = WALK_FOLLOW;
        else if (strcmp(*words, "-H") == 0)
            find.follow = WALK_FOLLOW_FIRST;
        else if (strcmp(*words, "-P") == 0)
            find.follow = 0;
        else
            break;
    }
    return words;
}

static bool
begins_expression(const char *word)
{
    return (word[0] == '-' && word[1]) || strcmp(word, "!") == 0 ||
           strcmp(word, "(") == 0;
}

int
main(int argc, char **argv)
{
    char **paths, **words;
    struct node *expression;

    if (argc > 1 &&
        (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        fputs(usage, stdout);
        prog_exit(0);
    }
    find.now = time(NULL);
    paths = words = read_options(argv + 1);
    while (*words && !begins_expression(*words))
        words++;
    expression = expression_read(words);
    if (paths == words)
        search(".", expression);
    for (; paths < words; paths++)
        search(*paths, expression);
    command_finish();
    prog_exit(find.status);
}
