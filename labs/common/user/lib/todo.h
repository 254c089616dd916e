/* Where a lab's starter ends in a program: at a function that is still to be
 * written.
 *
 * Part of published labs only. */
#pragma once

#include <sys/cdefs.h>

/* LAB_TODO(13); is what such a function of lab 13 does. */
#define LAB_TODO(lab) lab_todo(__func__, __FILE__, lab)

/* Prints "lab 13: graph_add is yours to write (user/init/graph.c)" and ends the
 * program with status 1. If that was init, the kernel says so and goes on as
 * after any end of init's: with its recovery shell, or with
 * `init.exit=poweroff` by switching off, with that status. */
NORETURN void lab_todo(const char *function, const char *file, unsigned lab);

/* What is to be written uses its parameters, and the helpers and variables
 * beside it, only then. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
