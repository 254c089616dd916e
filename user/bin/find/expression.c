#include "find.h"
#include <err.h>
#include <limits.h>
#include <prog.h>
#include <string.h>

static char **at; /* the word to be read next */

static struct node *read_or(void);

static struct node *
new_node(bool (*holds)(struct node *n, const struct walk_entry *e),
         struct node *a, struct node *b)
{
    struct node *n = prog_realloc(NULL, sizeof(*n));

    *n = (struct node){.holds = holds, .a = a, .b = b};
    return n;
}

static bool
holds_and(struct node *n, const struct walk_entry *e)
{
    return n->a->holds(n->a, e) && n->b->holds(n->b, e);
}

static bool
holds_or(struct node *n, const struct walk_entry *e)
{
    return n->a->holds(n->a, e) || n->b->holds(n->b, e);
}

static bool
holds_not(struct node *n, const struct walk_entry *e)
{
    return !n->a->holds(n->a, e);
}

static bool
holds_always(struct node *n, const struct walk_entry *e)
{
    (void)n;
    (void)e;
    return true;
}

/* Takes the next word if it is one of these. */
static bool
take(const char *word, const char *long_form)
{
    if (!*at || (strcmp(*at, word) != 0 && strcmp(*at, long_form) != 0))
        return false;
    at++;
    return true;
}

static const char *
take_argument(const char *name)
{
    if (!*at)
        errx(2, "%s: needs an argument", name);
    return *at++;
}

/* Words that change the whole run, and are true. */
static bool
read_option(const char *name)
{
    if (strcmp(name, "-maxdepth") == 0)
        find.max_depth = prog_number(take_argument(name), LONG_MAX);
    else if (strcmp(name, "-mindepth") == 0)
        find.min_depth = prog_number(take_argument(name), LONG_MAX);
    else if (strcmp(name, "-depth") == 0)
        find.contents_first = true;
    else if (strcmp(name, "-xdev") == 0 || strcmp(name, "-mount") == 0)
        find.one_device = true;
    else
        return false;
    return true;
}

static const struct primary *
find_primary(const struct primary *list, const char *name)
{
    while (list->name && strcmp(list->name, name) != 0)
        list++;
    return list->name ? list : NULL;
}

static struct node *
read_primary(void)
{
    const char *name = *at++;
    const struct primary *p = find_primary(tests, name);
    struct node *n = new_node(holds_always, NULL, NULL);

    if (!p)
        p = find_primary(actions, name);
    if (p) {
        n->holds = p->holds;
        find.has_action |= p->is_action;
        if (p->has_argument)
            n->text = take_argument(name);
        if (p->read)
            p->read(n, n->text);
    } else if (strcmp(name, "-exec") == 0 || strcmp(name, "-ok") == 0) {
        find.has_action = true;
        at = command_read(n, at, name[1] == 'o');
    } else if (!read_option(name)) {
        errx(2, "%s: unknown word", name);
    }
    return n;
}

static struct node *
read_not(void)
{
    struct node *n;

    if (!*at)
        errx(2, "the expression ends too early");
    if (take("!", "-not"))
        return new_node(holds_not, read_not(), NULL);
    if (!take("(", "("))
        return read_primary();
    n = read_or();
    if (!take(")", ")"))
        errx(2, "a ) is missing");
    return n;
}

static struct node *
read_and(void)
{
    struct node *n = read_not();

    while (take("-a", "-and") ||
           (*at && strcmp(*at, "-o") != 0 && strcmp(*at, "-or") != 0 &&
            strcmp(*at, ")") != 0))
        n = new_node(holds_and, n, read_not());
    return n;
}

static struct node *
read_or(void)
{
    struct node *n = read_and();

    while (take("-o", "-or"))
        n = new_node(holds_or, n, read_and());
    return n;
}

struct node *
expression_read(char **words)
{
    static char *print[] = {(char *)"-print", NULL};
    struct node *n;

    at = words;
    n = *at ? read_or() : new_node(holds_always, NULL, NULL);
    if (*at)
        errx(2, "%s: unexpected", *at);
    if (find.has_action)
        return n;
    at = print;
    return new_node(holds_and, n, read_primary());
}
