/* The lines typed so far, oldest first. */
#pragma once

#include <stddef.h>

/* Remembers a copy of line, unless it is blank or the same as the last. */
void history_add(const char *line);

size_t history_count(void);
const char *history_line(size_t i); /* NULL past the last */
