/* What the parts of find share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <walk.h>

/* What the whole run is about. */
struct find {
    struct walk *walk; /* the one that is going on */
    size_t min_depth, max_depth;
    bool contents_first; /* -depth, -delete */
    bool one_device;
    int follow;      /* WALK_FOLLOW* or 0 */
    bool has_action; /* the expression prints by itself, or does more */
    time_t now;
    int status;
};

extern struct find find;

/* A number that may be a bound: +N, -N or N. */
struct number {
    char sign;
    uint64_t value;
    uint64_t unit;
};

/* One part of the expression. */
struct node {
    bool (*holds)(struct node *n, const struct walk_entry *e);
    struct node *a, *b;  /* of ! -a -o */
    const char *text;    /* of names and types */
    struct number count; /* of sizes, times, ids and permissions */
    struct timespec time;
    struct command *command;
};

/* A primary: how it is read and what it tests or does. */
struct primary {
    const char *name;
    bool has_argument;
    bool is_action;
    /* Takes the argument into n; ends the program if it makes no sense. NULL:
     * it becomes n->text. */
    void (*read)(struct node *n, const char *argument);
    bool (*holds)(struct node *n, const struct walk_entry *e);
};

/* The tests, and the actions but -exec; each list ends with a NULL name. */
extern const struct primary tests[], actions[];

/* Reads the expression words, up to a NULL. Ends the program if it is wrong. */
struct node *expression_read(char **words);

/* Reads the words behind -exec or -ok into n; returns what follows them. */
char **command_read(struct node *n, char **words, bool ask);

/* Runs what commands with + have collected. */
void command_finish(void);

/* Complains about a file. */
void find_complain(const char *path, int error);
