/* Where a lab's starter ends: at a function that is still to be written.
 *
 * Part of published labs only. Any context, once kmain has been entered. */
#pragma once

#include "lib/compiler.h"

/* LAB_TODO(7); is what such a function of lab 7 does. */
#define LAB_TODO(lab) lab_todo(__func__, __FILE__, lab)

/* Prints "lab 7: virtq_add is yours to write (kernel/virtio/virtq.c)" and
 * switches the machine off, with status 1 as soon as the kernel has found out
 * how to pass one on. */
NORETURN void lab_todo(const char *function, const char *file, unsigned lab);

/* What is to be written uses its parameters, and the helpers and variables
 * beside it, only then. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
