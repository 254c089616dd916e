/* Commands as the parser builds them; all memory is an arena's.
 *
 * Words are kept as they were written: quotes are taken off and dollars
 * replaced when they are used (expand.h). */
#pragma once

#include <stdbool.h>

struct word {
    struct word *next;
    char *raw;
};

enum redir_kind {
    REDIR_READ,      /* <  */
    REDIR_WRITE,     /* >  */
    REDIR_CLOBBER,   /* >| */
    REDIR_APPEND,    /* >> */
    REDIR_BOTH,      /* <> */
    REDIR_COPY_READ, /* <& */
    REDIR_COPY,      /* >& */
    REDIR_HERE,      /* << */
    REDIR_HERE_TABS, /* <<- */
};

struct redir {
    struct redir *next;
    enum redir_kind kind;
    int fd;
    char *target; /* a word, or what ends a here-document */
    char *body;   /* of a here-document */
    bool literal; /* its end was quoted: the body is not expanded */
};

enum node_kind {
    NODE_SIMPLE,   /* assignments, words */
    NODE_PIPE,     /* a | b */
    NODE_AND,      /* a && b */
    NODE_OR,       /* a || b */
    NODE_NOT,      /* ! a */
    NODE_LIST,     /* a ; b */
    NODE_ASYNC,    /* a & */
    NODE_IF,       /* if a; then b; else c; fi */
    NODE_WHILE,    /* while a; do b; done */
    NODE_UNTIL,    /* until a; do b; done */
    NODE_FOR,      /* for name in words; do a; done */
    NODE_CASE,     /* case name in items esac */
    NODE_GROUP,    /* { a; } */
    NODE_SUBSHELL, /* ( a ) */
    NODE_FUNCTION, /* name() a */
};

struct case_item {
    struct case_item *next;
    struct word *patterns;
    struct node *body; /* may be NULL */
};

struct node {
    enum node_kind kind;
    struct node *a, *b, *c;
    struct word *assignments, *words;
    struct redir *redirs;
    struct case_item *items;
    char *name;
    bool has_in; /* a for with "in", even if no words follow */
    char *text;  /* of a pipeline, for jobs */
};
