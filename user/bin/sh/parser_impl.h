/* What the files of the parser share. */
#pragma once

#include "lexer.h"
#include "parser.h"

struct parser {
    struct source *source;
    struct arena *arena;
    struct token token; /* the next one */
    bool failed, has_function;
    struct redir *here[16]; /* documents whose bodies follow this line */
    size_t here_count;
};

/* Reports text as what should not be there; the parser stops. */
void parser_fail(struct parser *p, const char *text);

/* Goes on to the next token, if it is of that kind or that word. */
void parser_advance(struct parser *p);
void parser_expect(struct parser *p, enum token_kind kind);
void parser_expect_word(struct parser *p, const char *word);

void parser_skip_newlines(struct parser *p);
bool parser_at_word(const struct parser *p, const char *word);

struct node *parser_node(struct parser *p, enum node_kind kind, struct node *a,
                         struct node *b);
/* Puts a word at *end, the last link of a list. Returns the new last link. */
struct word **parser_append(struct parser *p, struct word **end, char *raw);

/* Commands up to one of the reserved words; NULL if there is none. */
struct node *parser_list(struct parser *p, const char *const *ends);

/* if, while, until, for, case, { } or ( ), without redirections; NULL if none
 * of them is next. */
struct node *parser_compound(struct parser *p);
