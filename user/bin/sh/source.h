/* Where commands come from: a string, a descriptor or the terminal. */
#pragma once

#include "text.h"
#include <stdbool.h>

struct source {
    const char *name; /* for messages */
    unsigned int line;

    /* Appends one more line to text; false at the end. first is false for a
     * line that goes on with a command. */
    bool (*more)(struct source *s, bool first);

    struct text text; /* what was read and not thrown away yet */
    size_t at;        /* the next byte of it */
    bool first;       /* no line of this command has been read */
    bool ended;       /* there was no further line for this command */
    bool cancelled;   /* the user gave this command up */

    const char *string; /* for source_string: what is left */
    int fd;             /* for source_fd */
};

void source_string(struct source *s, const char *string, const char *name);
void source_fd(struct source *s, int fd, const char *name);
/* The terminal, with prompts, editing and history. */
void source_terminal(struct source *s);

/* The next byte, or -1 at the end; source_peek leaves it there. */
int source_peek(struct source *s);
int source_next(struct source *s);

/* Forgets what was read; the next line begins a command. */
void source_begin(struct source *s);
/* Likewise, and drops the rest of the line too: after a syntax error. */
void source_drop_line(struct source *s);
void source_close(struct source *s);
