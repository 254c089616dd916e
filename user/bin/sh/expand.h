/* What words stand for: tildes, parameters, command substitution, arithmetic,
 * field splitting, file names, and the removal of quotes. */
#pragma once

#include "node.h"
#include "text.h"

/* Appends the fields that words expand to. On an error, which was reported,
 * shell.jump is JUMP_ABORT. */
void expand_words(const struct word *words, struct strings *to);

/* One string without splitting or file names, from malloc: for assignments
 * and redirections. */
char *expand_string(const char *raw);

/* Likewise, but what was quoted has a backslash before each byte that means
 * something in a pattern. */
char *expand_pattern(const char *raw);

/* The body of a here-document: quotes stand for themselves. */
char *expand_here_document(const char *body);

/* raw without its quotes; nothing is expanded. From malloc. */
char *expand_unquote(const char *raw);
