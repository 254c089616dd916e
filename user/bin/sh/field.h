/* The fields that an expansion gives, as they are built byte by byte. */
#pragma once

#include "text.h"
#include <stdbool.h>

/* An expansion under way. The field being built is kept as a pattern: a byte
 * that was quoted and means something in patterns has a backslash. */
struct expansion {
    struct strings *fields; /* NULL: one string, no splitting */
    struct text field;
    bool started;  /* the field is there even if it is empty */
    bool globbing; /* it has a wildcard that is not quoted */
};

/* Adds a byte that means itself, or one that may be a wildcard. */
void field_quoted(struct expansion *x, char c);
void field_plain(struct expansion *x, char c);

/* Adds what a parameter or command gave; unless it is quoted, it is split
 * into fields at IFS. */
void field_value(struct expansion *x, const char *value, bool quoted);

/* Ends the field, if one is begun, and starts the next; file names that match
 * take its place if it has wildcards. */
void field_end(struct expansion *x);

/* Takes the backslashes out of a field's text, in place; returns it. */
char *field_text(char *s);
