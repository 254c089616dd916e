/* Commands that run inside the shell. */
#pragma once

#include <stddef.h>

/* Returns the exit status. */
typedef int builtin_function(int argc, char **argv);

/* NULL if name is none. */
builtin_function *builtin_find(const char *name);

/* The name of the i-th, NULL past the last; for completion and help. */
const char *builtin_name(size_t i);
