#include "parser.h"
#include "parser_impl.h"
#include "expand.h"
#include "shell.h"
#include "vars.h"
#include <stdlib.h>
#include <string.h>

static struct node *parse_pipeline(struct parser *p);

void
parser_fail(struct parser *p, const char *text)
{
    if (p->source->cancelled)
        shell.status = 130;
    else if (!p->failed && p->token.kind == TOKEN_ERROR)
        shell_error(2, "%s: line %u: %s", p->source->name, p->source->line,
                    p->token.text);
    else if (!p->failed)
        shell_error(2, "%s: line %u: syntax error near %s", p->source->name,
                    p->source->line, text);
    p->failed = true;
    p->token.kind = TOKEN_ERROR;
}

static void
read_here_documents(struct parser *p)
{
    for (size_t i = 0; i < p->here_count; i++)
        p->here[i]->body =
            lexer_here_document(p->source, p->arena, p->here[i]->target,
                                p->here[i]->kind == REDIR_HERE_TABS);
    p->here_count = 0;
}

void
parser_advance(struct parser *p)
{
    if (p->failed || p->token.kind == TOKEN_END)
        return;
    if (p->token.kind == TOKEN_NEWLINE)
        read_here_documents(p);
    p->token = lexer_next(p->source, p->arena);
    if (p->token.kind == TOKEN_ERROR)
        parser_fail(p, "");
}

struct node *
parser_node(struct parser *p, enum node_kind kind, struct node *a,
            struct node *b)
{
    struct node *n = arena_alloc(p->arena, sizeof(*n));

    n->kind = kind;
    n->a = a;
    n->b = b;
    return n;
}

bool
parser_at_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && strcmp(p->token.text, word) == 0;
}

void
parser_expect_word(struct parser *p, const char *word)
{
    if (parser_at_word(p, word))
        parser_advance(p);
    else
        parser_fail(p, p->token.text);
}

void
parser_expect(struct parser *p, enum token_kind kind)
{
    if (p->token.kind == kind)
        parser_advance(p);
    else
        parser_fail(p, p->token.text);
}

void
parser_skip_newlines(struct parser *p)
{
    while (p->token.kind == TOKEN_NEWLINE)
        parser_advance(p);
}

struct word **
parser_append(struct parser *p, struct word **end, char *raw)
{
    struct word *w = arena_alloc(p->arena, sizeof(*w));

    w->raw = raw;
    *end = w;
    return &w->next;
}

static void
parse_redir(struct parser *p, struct redir **end)
{
    struct redir *r = arena_alloc(p->arena, sizeof(*r));

    r->kind = p->token.redir;
    r->fd = p->token.fd;
    parser_advance(p);
    if (p->token.kind != TOKEN_WORD) {
        parser_fail(p, p->token.text);
        return;
    }
    r->target = p->token.text;
    if (r->kind == REDIR_HERE || r->kind == REDIR_HERE_TABS) {
        char *plain = expand_unquote(r->target);
        r->literal = strcmp(plain, r->target) != 0;
        r->target = arena_copy(p->arena, plain, strlen(plain));
        free(plain);
        if (p->here_count == sizeof(p->here) / sizeof(p->here[0])) {
            parser_fail(p, "<<");
            return;
        }
        p->here[p->here_count++] = r;
    }
    *end = r;
    parser_advance(p);
}

static void
parse_redirs(struct parser *p, struct node *n)
{
    struct redir **end = &n->redirs;

    while (*end)
        end = &(*end)->next;
    while (p->token.kind == TOKEN_REDIR) {
        parse_redir(p, end);
        if (!*end)
            return;
        end = &(*end)->next;
    }
}

static bool
is_reserved(const char *word)
{
    static const char *const words[] = {"then", "else", "elif", "fi", "do",
                                        "done", "esac", "}",    "in", NULL};

    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static struct node *
parse_function(struct parser *p, char *name)
{
    struct node *n = parser_node(p, NODE_FUNCTION, NULL, NULL);

    n->name = name;
    p->has_function = true;
    parser_advance(p);
    parser_expect(p, TOKEN_CLOSE);
    parser_skip_newlines(p);
    n->a = parse_pipeline(p);
    return n;
}

static struct node *
parse_simple(struct parser *p)
{
    struct node *n = parser_node(p, NODE_SIMPLE, NULL, NULL);
    struct word **assign_end = &n->assignments, **word_end = &n->words;

    for (;;) {
        if (p->token.kind == TOKEN_REDIR) {
            parse_redirs(p, n);
        } else if (p->token.kind == TOKEN_WORD) {
            if (!n->words && vars_assignment_length(p->token.text) > 0)
                assign_end = parser_append(p, assign_end, p->token.text);
            else
                word_end = parser_append(p, word_end, p->token.text);
            parser_advance(p);
        } else if (p->token.kind == TOKEN_OPEN && n->words && !n->words->next &&
                   !n->redirs && !n->assignments) {
            return parse_function(p, n->words->raw);
        } else {
            break;
        }
    }
    if (!n->words && !n->assignments && !n->redirs)
        parser_fail(p, p->token.text);
    return n;
}

static struct node *
parse_command(struct parser *p)
{
    struct node *n = parser_compound(p);

    if (n) {
        parse_redirs(p, n);
        return n;
    }
    if (p->token.kind == TOKEN_WORD && is_reserved(p->token.text))
        parser_fail(p, p->token.text);
    return parse_simple(p);
}

static struct node *
parse_pipeline(struct parser *p)
{
    size_t from = p->token.from;
    bool negated = parser_at_word(p, "!");
    struct node *n;

    if (negated)
        parser_advance(p);
    n = parse_command(p);
    if (p->token.kind == TOKEN_PIPE) {
        struct node *last = n = parser_node(p, NODE_PIPE, n, NULL);
        while (p->token.kind == TOKEN_PIPE) {
            parser_advance(p);
            parser_skip_newlines(p);
            last->b = parse_command(p);
            if (p->token.kind == TOKEN_PIPE)
                last = last->b = parser_node(p, NODE_PIPE, last->b, NULL);
        }
    }
    size_t to = p->token.from;
    if (!p->failed && to > from) {
        while (strchr(" \t\n", p->source->text.bytes[to - 1]))
            to--;
        n->text = arena_copy(p->arena, p->source->text.bytes + from, to - from);
    }
    return negated ? parser_node(p, NODE_NOT, n, NULL) : n;
}

static struct node *
parse_and_or(struct parser *p)
{
    struct node *n = parse_pipeline(p);

    while (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR) {
        enum node_kind kind = p->token.kind == TOKEN_AND ? NODE_AND : NODE_OR;
        parser_advance(p);
        parser_skip_newlines(p);
        n = parser_node(p, kind, n, parse_pipeline(p));
    }
    return n;
}

static bool
at_end(const struct parser *p, const char *const *ends)
{
    if (p->token.kind == TOKEN_END || p->token.kind == TOKEN_CLOSE ||
        p->token.kind == TOKEN_DOUBLE_SEMI || p->token.kind == TOKEN_ERROR)
        return true;
    for (; *ends; ends++)
        if (parser_at_word(p, *ends))
            return true;
    return false;
}

/* One and-or with what follows it; joined to the list so far. */
static struct node *
parse_item(struct parser *p, struct node *list)
{
    struct node *n = parse_and_or(p);

    if (p->token.kind == TOKEN_AMPERSAND) {
        n = parser_node(p, NODE_ASYNC, n, NULL);
        n->text = n->a->text;
        parser_advance(p);
    } else if (p->token.kind == TOKEN_SEMI) {
        parser_advance(p);
    }
    return list ? parser_node(p, NODE_LIST, list, n) : n;
}

struct node *
parser_list(struct parser *p, const char *const *ends)
{
    struct node *list = NULL;

    for (;;) {
        parser_skip_newlines(p);
        if (at_end(p, ends))
            return list;
        list = parse_item(p, list);
    }
}

enum parse_result
parser_read(struct source *s, struct arena *a, struct node **to, bool *keep)
{
    static const char *const none[] = {NULL};
    struct parser p = {.source = s, .arena = a};
    struct node *list = NULL;

    source_begin(s);
    p.token.kind = TOKEN_SEMI;
    parser_advance(&p);
    if (p.token.kind == TOKEN_END && !s->cancelled)
        return PARSE_END;
    if (s->cancelled)
        parser_fail(&p, "");
    while (p.token.kind != TOKEN_NEWLINE && !at_end(&p, none))
        list = parse_item(&p, list);
    if (p.token.kind == TOKEN_NEWLINE || p.token.kind == TOKEN_END)
        read_here_documents(&p);
    else
        parser_fail(&p, p.token.text);
    if (p.failed) {
        source_drop_line(s);
        return PARSE_ERROR;
    }
    *to = list;
    *keep = p.has_function;
    return list ? PARSE_COMMAND : PARSE_EMPTY;
}
