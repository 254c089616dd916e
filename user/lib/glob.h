/* Finding the paths that a pattern stands for. */
#pragma once

#include <stddef.h>

typedef struct {
    size_t gl_pathc;
    char **gl_pathv; /* ends with NULL */
} glob_t;

#define GLOB_NOSPACE 1
#define GLOB_NOMATCH 3

/* Fills *to with the existing paths that match, in byte order; slashes and
 * leading dots must be matched by themselves. flags and on_error are there
 * for POSIX's sake: pass 0 and NULL. 0, GLOB_NOMATCH or GLOB_NOSPACE. */
int glob(const char *pattern, int flags, int (*on_error)(const char *, int),
         glob_t *to);
void globfree(glob_t *g);
