#include "parser_impl.h"
#include "vars.h"

/* Behind "if" or "elif", with the "fi". */
static struct node *
parse_if(struct parser *p)
{
    static const char *const then[] = {"then", NULL};
    static const char *const ends[] = {"elif", "else", "fi", NULL};
    static const char *const fi[] = {"fi", NULL};
    struct node *n = parser_node(p, NODE_IF, NULL, NULL);

    parser_advance(p);
    n->a = parser_list(p, then);
    parser_expect_word(p, "then");
    n->b = parser_list(p, ends);
    if (parser_at_word(p, "elif")) {
        n->c = parse_if(p);
        return n;
    }
    if (parser_at_word(p, "else")) {
        parser_advance(p);
        n->c = parser_list(p, fi);
    }
    parser_expect_word(p, "fi");
    return n;
}

static struct node *
parse_do(struct parser *p)
{
    static const char *const done[] = {"done", NULL};
    struct node *body;

    parser_expect_word(p, "do");
    body = parser_list(p, done);
    parser_expect_word(p, "done");
    return body;
}

static struct node *
parse_loop(struct parser *p, enum node_kind kind)
{
    static const char *const begin[] = {"do", NULL};
    struct node *n = parser_node(p, kind, NULL, NULL);

    parser_advance(p);
    n->a = parser_list(p, begin);
    n->b = parse_do(p);
    return n;
}

static struct node *
parse_for(struct parser *p)
{
    struct node *n = parser_node(p, NODE_FOR, NULL, NULL);
    struct word **end = &n->words;

    parser_advance(p);
    if (p->token.kind != TOKEN_WORD || !vars_is_name(p->token.text)) {
        parser_fail(p, p->token.text);
        return n;
    }
    n->name = p->token.text;
    parser_advance(p);
    parser_skip_newlines(p);
    if (parser_at_word(p, "in")) {
        n->has_in = true;
        parser_advance(p);
        for (; p->token.kind == TOKEN_WORD; parser_advance(p))
            end = parser_append(p, end, p->token.text);
    }
    if (p->token.kind == TOKEN_SEMI)
        parser_advance(p);
    parser_skip_newlines(p);
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
        parser_advance(p);
    do {
        if (p->token.kind == TOKEN_PIPE)
            parser_advance(p);
        if (p->token.kind == TOKEN_WORD)
            end = parser_append(p, end, p->token.text);
        parser_expect(p, TOKEN_WORD);
    } while (p->token.kind == TOKEN_PIPE);
    parser_expect(p, TOKEN_CLOSE);
    item->body = parser_list(p, esac);
    if (p->token.kind == TOKEN_DOUBLE_SEMI)
        parser_advance(p);
    parser_skip_newlines(p);
    return item;
}

static struct node *
parse_case(struct parser *p)
{
    struct node *n = parser_node(p, NODE_CASE, NULL, NULL);
    struct case_item **end = &n->items;

    parser_advance(p);
    n->name = p->token.text;
    parser_expect(p, TOKEN_WORD);
    parser_skip_newlines(p);
    parser_expect_word(p, "in");
    parser_skip_newlines(p);
    while (!p->failed && !parser_at_word(p, "esac")) {
        *end = parse_case_item(p);
        end = &(*end)->next;
    }
    parser_expect_word(p, "esac");
    return n;
}

static struct node *
parse_group(struct parser *p)
{
    static const char *const brace[] = {"}", NULL};
    struct node *n = parser_node(p, NODE_GROUP, NULL, NULL);

    parser_advance(p);
    n->a = parser_list(p, brace);
    parser_expect_word(p, "}");
    return n;
}

static struct node *
parse_subshell(struct parser *p)
{
    static const char *const none[] = {NULL};
    struct node *n = parser_node(p, NODE_SUBSHELL, NULL, NULL);

    parser_advance(p);
    n->a = parser_list(p, none);
    parser_expect(p, TOKEN_CLOSE);
    return n;
}

struct node *
parser_compound(struct parser *p)
{
    if (p->token.kind == TOKEN_OPEN)
        return parse_subshell(p);
    if (parser_at_word(p, "if"))
        return parse_if(p);
    if (parser_at_word(p, "while"))
        return parse_loop(p, NODE_WHILE);
    if (parser_at_word(p, "until"))
        return parse_loop(p, NODE_UNTIL);
    if (parser_at_word(p, "for"))
        return parse_for(p);
    if (parser_at_word(p, "case"))
        return parse_case(p);
    if (parser_at_word(p, "{"))
        return parse_group(p);
    return NULL;
}
