#include "parser.h"
#include "expand.h"
#include "lexer.h"
#include "shell.h"
#include "vars.h"
#include <stdlib.h>
#include <string.h>

struct parser {
    struct source *source;
    struct arena *arena;
    struct token token; /* the next one */
    bool failed, has_function;
    struct redir *here[16]; /* documents whose bodies follow this line */
    size_t here_count;
};

static struct node *parse_list(struct parser *p, const char *const *ends);
static struct node *parse_pipeline(struct parser *p);

static void
fail(struct parser *p, const char *text)
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

static void
advance(struct parser *p)
{
    if (p->failed || p->token.kind == TOKEN_END)
        return;
    if (p->token.kind == TOKEN_NEWLINE)
        read_here_documents(p);
    p->token = lexer_next(p->source, p->arena);
    if (p->token.kind == TOKEN_ERROR)
        fail(p, "");
}

static struct node *
node_new(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
    struct node *n = arena_alloc(p->arena, sizeof(*n));

    n->kind = kind;
    n->a = a;
    n->b = b;
    return n;
}

static bool
at_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && strcmp(p->token.text, word) == 0;
}

static void
expect_word(struct parser *p, const char *word)
{
    if (at_word(p, word))
        advance(p);
    else
        fail(p, p->token.text);
}

static void
expect(struct parser *p, enum token_kind kind)
{
    if (p->token.kind == kind)
        advance(p);
    else
        fail(p, p->token.text);
}

static void
skip_newlines(struct parser *p)
{
    while (p->token.kind == TOKEN_NEWLINE)
        advance(p);
}

static struct word **
append(struct parser *p, struct word **end, char *raw)
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
    advance(p);
    if (p->token.kind != TOKEN_WORD) {
        fail(p, p->token.text);
        return;
    }
    r->target = p->token.text;
    if (r->kind == REDIR_HERE || r->kind == REDIR_HERE_TABS) {
        char *plain = expand_unquote(r->target);
        r->literal = strcmp(plain, r->target) != 0;
        r->target = arena_copy(p->arena, plain, strlen(plain));
        free(plain);
        if (p->here_count == sizeof(p->here) / sizeof(p->here[0])) {
            fail(p, "<<");
            return;
        }
        p->here[p->here_count++] = r;
    }
    *end = r;
    advance(p);
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
    static const char *const words[] = {"then", "else", "elif", "fi",   "do",
                                        "done", "esac", "}",    "in",   NULL};

    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static struct node *
parse_function(struct parser *p, char *name)
{
    struct node *n = node_new(p, NODE_FUNCTION, NULL, NULL);

    n->name = name;
    p->has_function = true;
    advance(p);
    expect(p, TOKEN_CLOSE);
    skip_newlines(p);
    n->a = parse_pipeline(p);
    return n;
}

static struct node *
parse_simple(struct parser *p)
{
    struct node *n = node_new(p, NODE_SIMPLE, NULL, NULL);
    struct word **assign_end = &n->assignments, **word_end = &n->words;

    for (;;) {
        if (p->token.kind == TOKEN_REDIR) {
            parse_redirs(p, n);
        } else if (p->token.kind == TOKEN_WORD) {
            if (!n->words && vars_assignment_length(p->token.text) > 0)
                assign_end = append(p, assign_end, p->token.text);
            else
                word_end = append(p, word_end, p->token.text);
            advance(p);
        } else if (p->token.kind == TOKEN_OPEN && n->words &&
                   !n->words->next && !n->redirs && !n->assignments) {
            return parse_function(p, n->words->raw);
        } else {
            break;
        }
    }
    if (!n->words && !n->assignments && !n->redirs)
        fail(p, p->token.text);
    return n;
}

/* Behind "if" or "elif", with the "fi". */
static struct node *
parse_if(struct parser *p)
{
    static const char *const then[] = {"then", NULL};
    static const char *const ends[] = {"elif", "else", "fi", NULL};
    static const char *const fi[] = {"fi", NULL};
    struct node *n = node_new(p, NODE_IF, NULL, NULL);

    advance(p);
    n->a = parse_list(p, then);
    expect_word(p, "then");
    n->b = parse_list(p, ends);
    if (at_word(p, "elif")) {
        n->c = parse_if(p);
        return n;
    }
    if (at_word(p, "else")) {
        advance(p);
        n->c = parse_list(p, fi);
    }
    expect_word(p, "fi");
    return n;
}

static struct node *
parse_do(struct parser *p)
{
    static const char *const done[] = {"done", NULL};
    struct node *body;

    expect_word(p, "do");
    body = parse_list(p, done);
    expect_word(p, "done");
    return body;
}

static struct node *
parse_loop(struct parser *p, enum node_kind kind)
{
    static const char *const begin[] = {"do", NULL};
    struct node *n = node_new(p, kind, NULL, NULL);

    advance(p);
    n->a = parse_list(p, begin);
    n->b = parse_do(p);
    return n;
}

static struct node *
parse_for(struct parser *p)
{
    struct node *n = node_new(p, NODE_FOR, NULL, NULL);
    struct word **end = &n->words;

    advance(p);
    if (p->token.kind != TOKEN_WORD || !vars_is_name(p->token.text)) {
        fail(p, p->token.text);
        return n;
    }
    n->name = p->token.text;
    advance(p);
    skip_newlines(p);
    if (at_word(p, "in")) {
        n->has_in = true;
        advance(p);
        for (; p->token.kind == TOKEN_WORD; advance(p))
            end = append(p, end, p->token.text);
    }
    if (p->token.kind == TOKEN_SEMI)
        advance(p);
    skip_newlines(p);
    n->a = parse_do(p);
    return n;
}

static struct case_item *
parse_case_item(struct parser *p)
{
    static const char *const esac[] = {"esac", NULL};
    struct case_item *item = arena_alloc(p->arena, sizeof(*item));
    struct word **end = &item->patterns;

    if (p->token.kind == TOKEN_OPEN)
        advance(p);
    do {
        if (p->token.kind == TOKEN_PIPE)
            advance(p);
        if (p->token.kind == TOKEN_WORD)
            end = append(p, end, p->token.text);
        expect(p, TOKEN_WORD);
    } while (p->token.kind == TOKEN_PIPE);
    expect(p, TOKEN_CLOSE);
    item->body = parse_list(p, esac);
    if (p->token.kind == TOKEN_DOUBLE_SEMI)
        advance(p);
    skip_newlines(p);
    return item;
}

static struct node *
parse_case(struct parser *p)
{
    struct node *n = node_new(p, NODE_CASE, NULL, NULL);
    struct case_item **end = &n->items;

    advance(p);
    n->name = p->token.text;
    expect(p, TOKEN_WORD);
    skip_newlines(p);
    expect_word(p, "in");
    skip_newlines(p);
    while (!p->failed && !at_word(p, "esac")) {
        *end = parse_case_item(p);
        end = &(*end)->next;
    }
    expect_word(p, "esac");
    return n;
}

static struct node *
parse_group(struct parser *p)
{
    static const char *const brace[] = {"}", NULL};
    struct node *n = node_new(p, NODE_GROUP, NULL, NULL);

    advance(p);
    n->a = parse_list(p, brace);
    expect_word(p, "}");
    return n;
}

static struct node *
parse_subshell(struct parser *p)
{
    static const char *const none[] = {NULL};
    struct node *n = node_new(p, NODE_SUBSHELL, NULL, NULL);

    advance(p);
    n->a = parse_list(p, none);
    expect(p, TOKEN_CLOSE);
    return n;
}

static struct node *
parse_compound(struct parser *p)
{
    if (p->token.kind == TOKEN_OPEN)
        return parse_subshell(p);
    if (at_word(p, "if"))
        return parse_if(p);
    if (at_word(p, "while"))
        return parse_loop(p, NODE_WHILE);
    if (at_word(p, "until"))
        return parse_loop(p, NODE_UNTIL);
    if (at_word(p, "for"))
        return parse_for(p);
    if (at_word(p, "case"))
        return parse_case(p);
    if (at_word(p, "{"))
        return parse_group(p);
    return NULL;
}

static struct node *
parse_command(struct parser *p)
{
    struct node *n = parse_compound(p);

    if (n) {
        parse_redirs(p, n);
        return n;
    }
    if (p->token.kind == TOKEN_WORD && is_reserved(p->token.text))
        fail(p, p->token.text);
    return parse_simple(p);
}

static struct node *
parse_pipeline(struct parser *p)
{
    size_t from = p->token.from;
    bool negated = at_word(p, "!");
    struct node *n;

    if (negated)
        advance(p);
    n = parse_command(p);
    if (p->token.kind == TOKEN_PIPE) {
        struct node *last = n = node_new(p, NODE_PIPE, n, NULL);
        while (p->token.kind == TOKEN_PIPE) {
            advance(p);
            skip_newlines(p);
            last->b = parse_command(p);
            if (p->token.kind == TOKEN_PIPE)
                last = last->b = node_new(p, NODE_PIPE, last->b, NULL);
        }
    }
    if (!p->failed && p->token.from > from)
        n->text = arena_copy(p->arena, p->source->text.bytes + from,
                             p->token.from - from);
    return negated ? node_new(p, NODE_NOT, n, NULL) : n;
}

static struct node *
parse_and_or(struct parser *p)
{
    struct node *n = parse_pipeline(p);

    while (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR) {
        enum node_kind kind =
            p->token.kind == TOKEN_AND ? NODE_AND : NODE_OR;
        advance(p);
        skip_newlines(p);
        n = node_new(p, kind, n, parse_pipeline(p));
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
        if (at_word(p, *ends))
            return true;
    return false;
}

/* One and-or with what follows it; joined to the list so far. */
static struct node *
parse_item(struct parser *p, struct node *list)
{
    struct node *n = parse_and_or(p);

    if (p->token.kind == TOKEN_AMPERSAND) {
        n = node_new(p, NODE_ASYNC, n, NULL);
        n->text = n->a->text;
        advance(p);
    } else if (p->token.kind == TOKEN_SEMI) {
        advance(p);
    }
    return list ? node_new(p, NODE_LIST, list, n) : n;
}

/* Commands up to one of the reserved words; NULL if there is none. */
static struct node *
parse_list(struct parser *p, const char *const *ends)
{
    struct node *list = NULL;

    for (;;) {
        skip_newlines(p);
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
    advance(&p);
    if (p.token.kind == TOKEN_END && !s->cancelled)
        return PARSE_END;
    if (s->cancelled)
        fail(&p, "");
    while (p.token.kind != TOKEN_NEWLINE && !at_end(&p, none))
        list = parse_item(&p, list);
    if (p.token.kind == TOKEN_NEWLINE)
        read_here_documents(&p);
    else if (p.token.kind != TOKEN_END)
        fail(&p, p.token.text);
    if (p.failed) {
        source_drop_line(s);
        return PARSE_ERROR;
    }
    *to = list;
    *keep = p.has_function;
    return list ? PARSE_COMMAND : PARSE_EMPTY;
}
