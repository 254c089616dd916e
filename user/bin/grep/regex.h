/* Regular expressions: . [a-z] [^a-z] * ^ $ \ as in grep, and with extended
 * also + ? | ( ). */
#pragma once

#include <stdbool.h>

struct regex;

/* Compiles pattern. NULL if it is wrong; then *error says why. */
struct regex *regex_compile(const char *pattern, bool extended,
                            bool ignore_case, const char **error);

/* Whether text holds a match; *start and *length (unless NULL) tell where the
 * leftmost one is. */
bool regex_search(const struct regex *r, const char *text, const char **start,
                  int *length);
