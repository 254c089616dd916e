/* What the files of the model share: see model.h. */
#pragma once

#include "model.h"

#define PATH_SIZE 512

/* A change of one file's content. */
struct event {
    size_t op;
    bool truncate;
    uint64_t offset, length; /* length alone is the size for a truncation */
    uint64_t tag;
};

struct node {
    char kind;
    unsigned mode, nlink;
    char *target;
    struct event *events;
    size_t nevents;
};

/* Names are kept whole: a renamed directory renames what lies below. */
struct name {
    char path[PATH_SIZE];
    unsigned node;
};

struct tree {
    struct name *names; /* sorted by path */
    size_t count;
};

struct op {
    long result;
    size_t before, after; /* log entries */
    char verb[12];
    char a[PATH_SIZE], b[PATH_SIZE];
    uint64_t number[3];
    unsigned node;     /* that it works on; 0: none */
    unsigned whole[2]; /* whose content is complete where it shows: files that
                        * have taken another's name; 0: none */
    struct tree tree;  /* after it, if it changes names or attributes; else
                        * none, and the one before holds */
    uint64_t hash;     /* of that tree */
};

struct found {
    char path[PATH_SIZE];
    char kind;
    unsigned mode, nlink;
    char target[PATH_SIZE];
    uint8_t *bytes;
    size_t size;
    bool has_content;
};

struct model {
    struct op *ops;
    size_t nops;
    struct node *nodes;
    size_t nnodes;
    struct found *found;
    size_t nfound;
};

/* The operations between which a file's content may be from: everything
 * before `durable` has happened, and nothing from `last` on. */
struct window {
    size_t durable, last;
};

/* Returns memory, or ends the program if that is NULL. */
void *model_checked(void *memory);

/* Returns the name, or NULL. */
struct name *model_find_name(const struct tree *t, const char *path);

/* The hash of one node: the sum of all of them is a tree's, so that order
 * does not matter. */
uint64_t model_hash_node(const char *path, char kind, unsigned mode,
                         unsigned nlink, const char *target);

/* Writes the reason; returns false. */
bool model_complain(char *text, size_t size, const char *format, ...)
    PRINTF(3, 4);

/* Whether node's content can be what was found. */
bool model_content_fits(const struct node *node, struct window w,
                        const struct found *f, char *text, size_t size);
