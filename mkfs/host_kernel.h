/* What the host tools put in place of the kernel's lower layers.
 *
 * There is one thread and nothing interrupts it: locks only check that they
 * are used rightly, memory comes from malloc, the log goes to stderr, and
 * whoever would sleep for ever ends the program. */
#pragma once

#include "lib/compiler.h"

/* Keeps the log off stderr. */
extern bool host_kernel_quiet;

/* Is handed each line of the log; NULL: nobody. */
extern void (*host_kernel_log)(const char *text);

/* Called where a thread would sleep, with no lock held, to make something
 * happen, such as a request's completion; NULL: nothing ever does. */
extern void (*host_kernel_idle)(void);
