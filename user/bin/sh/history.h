/* The lines typed so far, oldest first; the last few hundred are kept in
 * .sh_history. */
#pragma once

#include <stddef.h>

/* Takes over the lines of earlier shells from the directory home, which may be
 * NULL; from now on, lines are kept there too if it can be written. */
void history_load(const char *home);

/* Remembers a copy of line, unless it is blank or the same as the last. */
void history_add(const char *line);

size_t history_count(void);
const char *history_line(size_t i); /* NULL past the last */
