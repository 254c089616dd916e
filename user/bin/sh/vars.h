/* Shell variables; the exported ones are the environment's too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Takes over the environment. */
void vars_init(void);

/* The value, or NULL if it is not set; it belongs to the variable. */
const char *vars_get(const char *name);
void vars_set(const char *name, const char *value);
void vars_unset(const char *name);

/* Marks a variable for export; it may be set later. */
void vars_export(const char *name);

/* Prints all variables, or the exported ones, as commands. */
void vars_print(bool exported_only);

bool vars_is_name(const char *s);

/* If s begins with "name=", the length of the name, else 0. */
size_t vars_assignment_length(const char *s);
