/* Cuts a source into tokens. */
#pragma once

#include "node.h"
#include "source.h"
#include "text.h"

enum token_kind {
    TOKEN_WORD,
    TOKEN_REDIR,
    TOKEN_NEWLINE,
    TOKEN_SEMI,
    TOKEN_DOUBLE_SEMI,
    TOKEN_AMPERSAND,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_PIPE,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_END,   /* of the source */
    TOKEN_ERROR, /* text says why */
};

struct token {
    enum token_kind kind;
    char *text; /* a word's, or the operator */
    enum redir_kind redir;
    int fd;      /* of a redirection */
    size_t from; /* where it begins in the source's text */
};

struct token lexer_next(struct source *s, struct arena *a);

/* Reads lines up to the one that is end, or the end of the source. With
 * strip, leading tabs are taken off. */
char *lexer_here_document(struct source *s, struct arena *a, const char *end,
                          bool strip);
