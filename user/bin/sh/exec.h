/* Runs commands. */
#pragma once

#include "node.h"
#include <sys/cdefs.h>

/* Runs n, which may be NULL, and sets $?. */
void exec_node(struct node *n);

/* Runs n, which may fail without ending the shell (-e). Returns whether it
 * succeeded. */
bool exec_condition(struct node *n);

/* Runs text in a subshell. Returns what it printed, from malloc, without its
 * trailing newlines, and sets $?. */
char *exec_capture(const char *text);

/* Becomes the program argv[0], or prints why not and ends the shell with 127
 * (not found) or 126 (not runnable). */
NORETURN void exec_program(char **argv);

/* Finds argv[0] in PATH for the user's eyes; NULL if it is not there. From
 * malloc. */
char *exec_find(const char *name);
