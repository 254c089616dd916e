#include "find.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <prog.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_FILES 1000
#define MOST_BYTES 65536

/* A program to run: its words, and the files collected for it with +. */
struct command {
    char **words;
    size_t word_count;
    bool ask, collect;
    char **files;
    size_t file_count, bytes;
    struct command *next; /* of all those that collect */
};

static struct command *collecting;

static bool
do_print(struct node *n, const struct walk_entry *e)
{
    (void)n;
    puts(e->path);
    return true;
}

static bool
do_print0(struct node *n, const struct walk_entry *e)
{
    (void)n;
    fputs(e->path, stdout);
    putchar('\0');
    return true;
}

static bool
do_prune(struct node *n, const struct walk_entry *e)
{
    (void)n;
    if (e->kind == WALK_DIR)
        walk_skip(find.walk);
    return true;
}

static bool
do_quit(struct node *n, const struct walk_entry *e)
{
    (void)n;
    (void)e;
    command_finish();
    prog_exit(find.status);
}

static void
read_delete(struct node *n, const char *text)
{
    (void)n;
    (void)text;
    find.contents_first = true;
}

static bool
do_delete(struct node *n, const struct walk_entry *e)
{
    (void)n;
    if (strcmp(e->path, ".") == 0)
        return true;
    if (unlinkat(e->dir, e->name, S_ISDIR(e->st.st_mode) ? AT_REMOVEDIR : 0) ==
        0)
        return true;
    find_complain(e->path, errno);
    return false;
}

const struct primary actions[] = {
    {"-print", false, true, NULL, do_print},
    {"-print0", false, true, NULL, do_print0},
    {"-delete", false, true, read_delete, do_delete},
    {"-prune", false, false, NULL, do_prune},
    {"-quit", false, false, NULL, do_quit},
    {NULL, false, false, NULL, NULL},
};

/* Runs what was collected, if anything. */
static void
run_collected(struct command *c)
{
    size_t n = c->word_count;
    char **args;

    if (c->file_count == 0)
        return;
    args = prog_realloc(NULL, (n + c->file_count + 1) * sizeof(*args));
    memcpy(args, c->words, n * sizeof(*args));
    memcpy(args + n, c->files, c->file_count * sizeof(*args));
    args[n + c->file_count] = NULL;
    if (prog_run(args) != 0)
        find.status = 1;
    while (c->file_count > 0)
        free(c->files[--c->file_count]);
    c->bytes = 0;
    free(args);
}

static bool
collect(struct node *n, const struct walk_entry *e)
{
    struct command *c = n->command;

    c->files[c->file_count++] = prog_format("%s", e->path);
    c->bytes += strlen(e->path) + 1;
    if (c->file_count == MOST_FILES || c->bytes >= MOST_BYTES)
        run_collected(c);
    return true;
}

/* word with each {} in it replaced by path; from malloc. */
static char *
insert_path(const char *word, const char *path)
{
    char *text = prog_format("%s", ""), *longer;
    const char *found;

    while ((found = strstr(word, "{}"))) {
        longer = prog_format("%s%.*s%s", text, (int)(found - word), word, path);
        free(text);
        text = longer;
        word = found + 2;
    }
    longer = prog_format("%s%s", text, word);
    free(text);
    return longer;
}

static bool
do_command(struct node *n, const struct walk_entry *e)
{
    struct command *c = n->command;
    char **args = prog_realloc(NULL, (c->word_count + 1) * sizeof(*args));
    bool result;

    for (size_t i = 0; i < c->word_count; i++)
        args[i] = insert_path(c->words[i], e->path);
    args[c->word_count] = NULL;
    result = (!c->ask || prog_ask("%s ... %s? ", args[0], e->path)) &&
             prog_run(args) == 0;
    for (size_t i = 0; i < c->word_count; i++)
        free(args[i]);
    free(args);
    return result;
}

char **
command_read(struct node *n, char **words, bool ask)
{
    struct command *c = prog_realloc(NULL, sizeof(*c));
    size_t i = 0;

    *c = (struct command){.words = words, .ask = ask};
    for (; words[i] && strcmp(words[i], ";") != 0; i++)
        if (!ask && i > 0 && strcmp(words[i], "+") == 0 &&
            strcmp(words[i - 1], "{}") == 0) {
            c->collect = true;
            break;
        }
    if (!words[i] || i < (c->collect ? 2 : 1))
        errx(2, "-exec: needs a command that ends with ; or {} +");
    c->word_count = c->collect ? i - 1 : i;
    n->command = c;
    n->holds = c->collect ? collect : do_command;
    if (c->collect) {
        c->files = prog_realloc(NULL, MOST_FILES * sizeof(*c->files));
        c->next = collecting;
        collecting = c;
    }
    return words + i + 1;
}

void
command_finish(void)
{
    for (struct command *c = collecting; c; c = c->next)
        run_collected(c);
}
